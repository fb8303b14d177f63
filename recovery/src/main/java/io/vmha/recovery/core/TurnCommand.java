package io.vmha.recovery.core;

import java.util.Optional;

/** Commands about whose turn it is to restart a daemon (S7). */
public sealed interface TurnCommand extends Command {
    @Override
    default long term() {
        return 0;
    }

    /** The host that asks. */
    HostName host();

    /** Takes the turn. Refused while another host has it, and while an incident is open: its recovery needs the voters more. */
    record TakeTurn(long atMs, HostName host) implements TurnCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Optional<RestartTurn> other =
                    state.group().turn().filter(t -> !t.host().equals(host) && !t.isOver(atMs));
            if (other.isPresent()) {
                return Applied.refused(
                        state,
                        "it is the turn of " + other.get().host() + " since "
                                + (atMs - other.get().sinceAtMs()) / 1_000 + " s; ask again when it is done");
            }
            if (!state.openIncidents().isEmpty()) {
                return Applied.refused(
                        state, "incident " + state.openIncidents().get(0).id() + " is open; wait for its end");
            }
            return Applied.to(state.with(state.group().with(Optional.of(new RestartTurn(host, atMs)))));
        }
    }

    /** Gives the turn back. Refused if there is none, or if it is another one's by now. */
    record EndTurn(long atMs, HostName host) implements TurnCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Optional<RestartTurn> turn = state.group().turn();
            if (turn.filter(t -> t.host().equals(host)).isEmpty()) {
                String whose = turn.map(t -> "that of " + t.host()).orElse("nobody's");
                return Applied.refused(state, "it is not the turn of " + host + " but " + whose);
            }
            return Applied.to(state.with(state.group().with(Optional.empty())));
        }
    }
}
