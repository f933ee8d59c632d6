// Keeps libc++'s demangler, a third of the add-on, out of builds with a static libc++. Only its report of an uncaught
// exception uses the demangler; without it, the report has the mangled type name.
#include <cstddef>

// NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the name is what replaces theirs.
extern "C" char* __cxa_demangle(const char*, char*, std::size_t*, int* status) {
  constexpr int not_a_mangled_name = -2;
  if (status != nullptr) *status = not_a_mangled_name;
  return nullptr;
}
