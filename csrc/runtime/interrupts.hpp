// Ctrl-C held off: what belongs together changes together.
#pragma once

namespace tidegate {

// From the first hold to the last release, by whatever threads, an interrupt (SIGINT) waits. The release tells whether
// one came; it has been sent again then, to whoever handled interrupts before.
void hold_interrupts();
bool release_interrupts();

}  // namespace tidegate
