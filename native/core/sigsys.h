// The SIGSYS handler of the process: makes calls that a filter answered with TRAP fail with an errno, and reports them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "result.h"
#include "violation_log.h"

namespace seccomp_node {

/** The data of a TRAP that ends the process, after a line on standard error. */
inline constexpr std::uint32_t kTrapAndDie = 0xffff;

/** The data of a TRAP for io_uring_enter as libuv calls it, which is served here: ring_emulation.h. */
inline constexpr std::uint32_t kTrapRingWait = 0xfffe;

/**
 * Whoever listens to violations: one at a time in a process, since signal dispositions belong to the process. Told
 * apart by address.
 */
using Listening = const void*;

/**
 * Installs the handler and reports to this listener from now on. `names` has a line `<arch in hex> <number> <name>` for
 * each known call, for the line on standard error. Gives a descriptor, to be closed by the caller, that is readable
 * when there is something to take. EBUSY while there is another listener.
 */
Result<std::int32_t> listen_to_violations(Listening listener, const std::string& names);

/** What was noted and is not taken yet; the descriptor tells of the next one afterwards. Nothing for others. */
std::vector<Violation> take_violations(Listening listener);

/** Calls since the listener began that could not be noted. */
std::uint64_t dropped_violations(Listening listener);

/**
 * Ends the reports; the handler goes on making refused calls fail. Gives the calls that were dropped, those that were
 * not taken included.
 */
std::uint64_t stop_listening(Listening listener);

/**
 * Gives SIGSYS back the disposition it had, unless there is a listener, rings are served, or somebody else has changed
 * it meanwhile.
 */
void stop_handling_traps();

/** Installs the handler for good, so that a filter may answer with kTrapRingWait. Comes before each load of such a
 * filter. */
Status serve_rings();

/** Whether SIGSYS is handled here, so that a filter may answer with TRAP. */
bool handles_traps();

}  // namespace seccomp_node
