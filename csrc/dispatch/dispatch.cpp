#include "dispatch/dispatch.hpp"

#include <atomic>
#include <cstdlib>
#include <stdexcept>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tidegate {

namespace base {
const InstructionSet& instruction_set();
}
#if defined(__x86_64__)
namespace avx2 {
const InstructionSet& instruction_set();
}
namespace avx512 {
const InstructionSet& instruction_set();
}
namespace avx512_bf16 {
extern const NarrowTable kBf16;
}
namespace avx512_vnni {
extern const NarrowTable kInt8;
}
#endif

namespace {

#if defined(__x86_64__)
// What the CPU offers and the operating system saves on a context switch.
struct Features {
  bool avx2 = false, avx512 = false, avx512_bf16 = false, avx512_vnni = false;

  Features() {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return;
    const bool saves_state = c & bit_OSXSAVE, fma = c & bit_FMA;
    if (!saves_state || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    const bool ymm = (low & 0x6) == 0x6, zmm = (low & 0xe6) == 0xe6;
    avx2 = ymm && fma && (b & bit_AVX2);
    const unsigned needed = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    avx512 = avx2 && zmm && (b & needed) == needed;
    avx512_vnni = avx512 && (c & bit_AVX512VNNI);
    avx512_bf16 = avx512 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & kBitAvx512Bf16);
  }

 private:
  static constexpr unsigned kBitAvx512Bf16 = 1 << 5;  // which not every <cpuid.h> names
};

const Features& features() {
  static const Features found;
  return found;
}
#endif

std::vector<const InstructionSet*> detect() {
  std::vector<const InstructionSet*> sets{&base::instruction_set()};
#if defined(__x86_64__)
  if (features().avx2) sets.push_back(&avx2::instruction_set());
  if (features().avx512) sets.push_back(&avx512::instruction_set());
#endif
  return sets;
}

const InstructionSet& named(const std::string& name, const char* who) {
  std::string names;
  for (const InstructionSet* set : available()) {
    if (name == set->name) return *set;
    names += std::string(names.empty() ? "" : ", ") + set->name;
  }
  throw std::invalid_argument(std::string(who) + ": expected an instruction set of this machine (" + names +
                              "), received '" + name + "'.");
}

std::atomic<const InstructionSet*> chosen{nullptr};

}  // namespace

const std::vector<const InstructionSet*>& available() {
  static const std::vector<const InstructionSet*> sets = detect();
  return sets;
}

const InstructionSet& current() {
  const InstructionSet* set = chosen.load(std::memory_order_acquire);
  if (!set) {
    const char* forced = std::getenv("TIDEGATE_ISA");
    set = forced && *forced ? &named(forced, "TIDEGATE_ISA") : available().back();
    chosen.store(set, std::memory_order_release);
  }
  return *set;
}

NarrowKernels narrow_kernels(const InstructionSet& set, Precision precision) {
  if (precision == Precision::full) return {nullptr, &set};
  const bool bf16 = precision == Precision::bfloat16;
#if defined(__x86_64__)
  if (&set == &avx512::instruction_set()) {
    if (bf16 && features().avx512_bf16) return {&avx512_bf16::kBf16, &set};
    if (!bf16 && features().avx512_vnni) return {&avx512_vnni::kInt8, &set};
    return narrow_kernels(avx2::instruction_set(), precision);
  }
#endif
  return {bf16 ? set.bf16 : set.int8, &set};
}

void use(const std::string& name) { chosen.store(&named(name, "set_instruction_set"), std::memory_order_release); }

}  // namespace tidegate
