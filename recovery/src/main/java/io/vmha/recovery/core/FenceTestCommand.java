package io.vmha.recovery.core;

import java.util.Optional;

/** Commands about a person's test of a fence device that really switches: intent and outcome, as for every other outside call (S9). */
public sealed interface FenceTestCommand extends Command {
    @Override
    default long term() {
        return 0;
    }

    /** The host that is switched. */
    HostName host();

    /** The host whose daemon does it. */
    HostName by();

    /**
     * Intent: the host is about to be powered off and on again. Refused unless it is in maintenance, while an incident is open, which may
     * need the device or the hosts that are left, and while another test is under way: one host at a time.
     */
    record BeginFenceTest(long atMs, HostName host, HostName by) implements FenceTestCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            HostRecord record = state.hosts().get(host);
            if (record == null || !record.maintenance()) {
                return Applied.refused(
                        state,
                        "host " + host + " is not in maintenance; only such a host is powered off for a test: vmha host"
                                + " maintenance " + host + " on");
            }
            if (!state.openIncidents().isEmpty()) {
                return Applied.refused(
                        state, "incident " + state.openIncidents().get(0).id() + " is open; wait for its end");
            }
            Optional<FenceTrial> other = state.group().fenceTrial().filter(t -> t.isUnderWay(atMs));
            if (other.isPresent()) {
                return Applied.refused(
                        state,
                        "the fence device of " + other.get().host() + " is being tested by "
                                + other.get().by() + "; ask again when that is done");
            }
            return Applied.to(state.with(state.group().with(new FenceTrial(host, by, atMs, Optional.empty()))));
        }
    }

    /** Outcome. Without effect if another test has begun since. */
    record EndFenceTest(long atMs, HostName host, HostName by, String outcome) implements FenceTestCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return state.group()
                    .fenceTrial()
                    .filter(t -> t.host().equals(host)
                            && t.by().equals(by)
                            && t.outcome().isEmpty())
                    .map(t -> Applied.to(state.with(state.group().with(t.ended(outcome)))))
                    .orElseGet(() -> Applied.to(state));
        }
    }
}
