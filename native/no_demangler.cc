// Keeps libc++'s demangler, a third of the add-on, out of builds with a static libc++: only its report of an uncaught
// exception asks for it, and would print the bare name of the type.
#include <cstddef>

// NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the name is what replaces theirs.
extern "C" char* __cxa_demangle(const char*, char*, std::size_t*, int* status) {
  constexpr int not_a_mangled_name = -2;
  if (status != nullptr) *status = not_a_mangled_name;
  return nullptr;
}
