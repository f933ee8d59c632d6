// The SIGSYS handler of the process: makes calls with a TRAP fail with an errno, and reports them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "result.h"
#include "violation_log.h"

namespace seccomp_node {

/** The data of a TRAP that ends the process, after a line on standard error. */
inline constexpr std::uint32_t kTrapAndDie = 0xffff;

/** The data of a TRAP for io_uring_enter as libuv calls it, which is emulated here: ring_emulation.h. */
inline constexpr std::uint32_t kTrapRingWait = 0xfffe;

/**
 * A listener for violations: only one at a time in a process, because signal dispositions belong to the process.
 * Identified by address.
 */
using Listening = const void*;

/**
 * Installs the handler and reports to this listener from now on. `names` has a line `<arch in hex> <number> <name>` for
 * each known call, for the line on standard error. Returns a descriptor that is readable when there are records to
 * take; the caller closes it. EBUSY while there is another listener.
 */
Result<std::int32_t> listen_to_violations(Listening listener, const std::string& names);

/** The records that were not taken yet; the descriptor signals the next one afterwards. Empty for other listeners. */
std::vector<Violation> take_violations(Listening listener);

/** The number of calls that could not be recorded since the listener began. */
std::uint64_t dropped_violations(Listening listener);

/**
 * Ends the reports; the handler continues to make refused calls fail. Returns the number of calls that were dropped,
 * including those that were not taken.
 */
std::uint64_t stop_listening(Listening listener);

/**
 * Restores the previous disposition of SIGSYS, unless there is a listener, rings are emulated, or another handler was
 * installed meanwhile.
 */
void stop_handling_traps();

/**
 * Installs the handler permanently, so that a filter may use kTrapRingWait. Call it before each load of such a
 * filter.
 */
Status serve_rings();

/** Whether SIGSYS is handled here, so that a filter may use TRAP. */
bool handles_traps();

}  // namespace seccomp_node
