# Fails if a kernel object defines a weak or unique symbol, or code that runs at load time.
#
# A weak symbol is one that the linker may keep for everybody: compiled with AVX-512 and kept for baseline code, it
# kills an older CPU. OBJECTS is a list of object files, NM the tool that lists their symbols.
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} --defined-only ${object} OUTPUT_VARIABLE symbols RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "cannot list the symbols of ${object}")
  endif()
  string(REGEX MATCHALL "[^\n]* [WwVvu] [^\n]*|[^\n]*_GLOBAL__sub_[^\n]*" bad "${symbols}")
  if(bad)
    string(REPLACE ";" "\n" bad "${bad}")
    message(FATAL_ERROR "${object} defines symbols that must not be in a kernel object:\n${bad}")
  endif()
endforeach()
