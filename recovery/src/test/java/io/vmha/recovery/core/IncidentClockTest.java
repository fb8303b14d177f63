package io.vmha.recovery.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What an incident's notes carry as time is one clock from its beginning to its end, whoever leads. */
class IncidentClockTest {
    private static final HostName HOST = new HostName("hv-2");
    private static final long HOUR_MS = 3_600_000;

    private long wallMs = 1_000_000;
    private RecoveryState state = enabled();

    private static RecoveryState enabled() {
        var az = new AzSettings("az1", 1, "g", true, true, true, Limits.DEFAULT, Proofs.BMC);
        var hosts = List.of(new HostName("hv-1"), HOST, new HostName("hv-3"), new HostName("hv-4"));
        return RecoveryState.empty()
                .apply(new Entry(1, 1), new AzCommand.EnableAz(0, az, hosts))
                .state();
    }

    private void commit(Command command) {
        Applied applied = state.apply(new Entry(1, state.applied().index() + 1), command);
        assertThat(applied.refusal()).isEmpty();
        state = applied.state();
    }

    private void declare(long atMs) {
        var dead = new TreeMap<HostName, List<Witness>>();
        dead.put(HOST, List.of(new Witness("gossip", "failed")));
        commit(new IncidentCommand.DeclareIncident(atMs, 1, dead));
    }

    private void fence(long atMs) {
        commit(new IncidentCommand.BeginFence(atMs, 1, new IncidentId(1), HOST));
    }

    @Test
    void aLeaderWhoseWallClockIsSetGoesOnByItsMonotonicOne() {
        var clock = new IncidentClock(nowMs -> wallMs + nowMs);
        declare(clock.wallMs(0));
        clock.onState(5, state, true);

        wallMs -= HOUR_MS;

        assertThat(clock.wallMs(2_005) - state.openIncidents().get(0).openedAtMs())
                .isEqualTo(2_005);
    }

    @Test
    void theNextLeaderGoesOnFromTheLogWhateverItsOwnWallClockSays() {
        var clock = new IncidentClock(nowMs -> wallMs + HOUR_MS + nowMs);
        clock.onState(0, state, false);
        declare(wallMs + 20_000);
        clock.onState(20_030, state, false);
        fence(wallMs + 21_000);
        clock.onState(21_040, state, false);

        clock.onLeading(23_040);
        clock.onState(23_100, state, true);

        assertThat(clock.wallMs(24_040))
                .as("a second of the old leader's silence, a second of its own")
                .isEqualTo(wallMs + 24_000);
    }

    @Test
    void whatWasReadFromTheDiskIsNotTakenForTheTimeThatHasPassed() {
        var clock = new IncidentClock(nowMs -> wallMs + 600_000 + nowMs);
        declare(wallMs);
        clock.onState(1_000, state, false);

        clock.onLeading(2_000);

        assertThat(clock.wallMs(2_000)).isEqualTo(wallMs + 602_000);
    }

    @Test
    void withNothingOpenItIsTheWallClockAgain() {
        var clock = new IncidentClock(nowMs -> wallMs + nowMs);
        declare(clock.wallMs(0));
        clock.onState(0, state, true);
        wallMs += HOUR_MS;
        commit(new IncidentCommand.CancelIncident(0, new IncidentId(1), "Ada"));

        clock.onState(100, state, true);

        assertThat(clock.wallMs(100)).isEqualTo(wallMs + 100);
    }
}
