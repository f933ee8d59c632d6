#include "terminal.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string_view>

#include "descriptor.h"

namespace seccomp_node {

bool has_terminal() {
  const Descriptor file(open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
  std::array<char, 512> text{};
  const auto length = file.valid() ? read(file.number(), text.data(), text.size()) : -1;
  if (length <= 0) return true;
  const std::string_view all(text.data(), static_cast<std::size_t>(length));
  // After the name, which can contain anything: the state, the parent, the group, the session, the terminal.
  auto at = all.rfind(')');
  for (int field = 0; field < 5 && at != std::string_view::npos; ++field) at = all.find(' ', at + 1);
  return at == std::string_view::npos || all.substr(at + 1, 2) != "0 ";
}

}  // namespace seccomp_node
