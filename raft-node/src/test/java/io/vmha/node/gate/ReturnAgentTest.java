package io.vmha.node.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.HypervisorException;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReturnCommand;
import io.vmha.recovery.core.ServerId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ReturnAgentTest implements Hypervisor, ReturnAgent.Outside {
    private static final HostName SELF = new HostName("hv-1");
    private static final ServerId MOVED = new ServerId("moved");
    private static final ServerId HERE = new ServerId("here");

    private final List<Domain> domains = new ArrayList<>();
    private final List<Command> committed = new ArrayList<>();
    private final Map<ServerId, HostName> homes = new TreeMap<>();
    private Optional<String> refusal = Optional.empty();
    private boolean silent;
    private boolean stubborn;
    private Optional<RecoveryState> majority = Optional.empty();
    private boolean majorityIsSilent;
    private int restarts;
    private boolean heldDown;
    private Optional<String> heartbeat = Optional.of("2026-11-27T02:00:00");
    private long nowMs;
    private long wallMs = 1_800_000_000_000L;

    private final ReturnAgent agent =
            new ReturnAgent(SELF, this, id -> Optional.ofNullable(homes.get(id)), this, () -> wallMs);

    @Override
    public List<Domain> domains() {
        if (silent) {
            throw new HypervisorException("libvirt does not answer", null);
        }
        return List.copyOf(domains);
    }

    @Override
    public Fate fate(ServerId id) {
        throw new AssertionError("a return asks for no fates");
    }

    @Override
    public List<ServerId> withoutProcess() {
        throw new AssertionError("a return asks for no dead guests");
    }

    @Override
    public void suspend(ServerId id) {
        throw new AssertionError("a return suspends nothing");
    }

    @Override
    public void destroy(ServerId id) {
        if (!stubborn) {
            domains.removeIf(d -> d.id().equals(id));
        }
    }

    @Override
    public Optional<String> commit(Command command) {
        if (refusal.isEmpty()) {
            committed.add(command);
        }
        return refusal;
    }

    @Override
    public Optional<RecoveryState> confirmed(RecoveryState known) {
        return majorityIsSilent ? Optional.empty() : Optional.of(majority.orElse(known));
    }

    @Override
    public void restartCompute() {
        restarts++;
    }

    @Override
    public Optional<ComputeService> computeService() {
        return Optional.of(new ComputeService("id", SELF, false, true, heldDown, Optional.empty(), heartbeat));
    }

    private static RecoveryState state(HostRecord.Status status) {
        return state(status, 1);
    }

    private static RecoveryState state(HostRecord.Status status, long epoch) {
        var settings = new AzSettings("az1", 1, "g", true, true, true, new Limits(4, 100), Proofs.BMC);
        RecoveryState enabled = RecoveryState.empty()
                .apply(new Entry(1, 1), new AzCommand.EnableAz(0, settings, List.of(SELF)))
                .state();
        HostRecord before = enabled.hosts().get(SELF);
        var hosts = new TreeMap<>(enabled.hosts());
        hosts.put(SELF, new HostRecord(SELF, epoch, status, false, before.arming()));
        return new RecoveryState(
                enabled.applied(), enabled.az(), hosts, enabled.incidents(), enabled.nextIncident(), enabled.group());
    }

    @Test
    void aHostInServiceIsLeftAlone() {
        domains.add(new Domain(MOVED, "moved", true));
        homes.put(MOVED, new HostName("hv-2"));

        agent.advance(nowMs, state(HostRecord.Status.IN_SERVICE), true);
        agent.advance(nowMs, state(HostRecord.Status.IN_RECOVERY), false);

        assertThat(domains).hasSize(1);
        assertThat(committed).isEmpty();
    }

    @Test
    void aRecoveredHostDestroysWhatLivesElsewhereAndReportsItselfClean() {
        domains.add(new Domain(MOVED, "moved", true));
        domains.add(new Domain(HERE, "here", true));
        homes.put(MOVED, new HostName("hv-2"));
        homes.put(HERE, SELF);

        agent.advance(nowMs, state(HostRecord.Status.DOWN), false);

        assertThat(domains).extracting(Domain::id).containsExactly(HERE);
        assertThat(committed)
                .singleElement()
                .satisfies(c ->
                        assertThat(((ReturnCommand.BeginReturn) c).swept()).isEqualTo("destroyed: moved; kept: here"));
    }

    @Test
    void nothingIsDestroyedByAReplicaThatHasNotHeardThatTheHostIsBack() {
        domains.add(new Domain(MOVED, "moved and back", true));
        homes.put(MOVED, new HostName("hv-2")); // a live migration to this host is under way
        majority = Optional.of(state(HostRecord.Status.IN_SERVICE, 2));

        agent.advance(nowMs, state(HostRecord.Status.DOWN, 1), false);

        assertThat(domains).hasSize(1);
        assertThat(committed).isEmpty();
        assertThat(agent.waitingFor()).isEmpty();
    }

    @Test
    void theSweepIsForTheLifeThatAMajorityConfirms() {
        majority = Optional.of(state(HostRecord.Status.DOWN, 3));

        agent.advance(nowMs, state(HostRecord.Status.DOWN, 1), false);

        assertThat(committed)
                .singleElement()
                .satisfies(
                        c -> assertThat(((ReturnCommand.BeginReturn) c).epoch()).isEqualTo(3));
    }

    @Test
    void aHostThatHasDiedAgainDoesNotRestartItsNovaCompute() {
        domains.add(new Domain(MOVED, "moved", true));
        homes.put(MOVED, new HostName("hv-2"));
        majority = Optional.of(state(HostRecord.Status.DOWN, 2));

        agent.advance(nowMs, state(HostRecord.Status.RETURNING, 2), true);

        assertThat(restarts).isZero();
        assertThat(domains).isEmpty();
    }

    @Test
    void whileNoMajorityAnswersNothingIsDone() {
        domains.add(new Domain(MOVED, "moved", true));
        homes.put(MOVED, new HostName("hv-2"));
        majorityIsSilent = true;

        agent.advance(nowMs, state(HostRecord.Status.DOWN), false);
        agent.advance(nowMs, state(HostRecord.Status.RETURNING), true);

        assertThat(domains).hasSize(1);
        assertThat(committed).isEmpty();
        assertThat(restarts).isZero();
        assertThat(agent.waitingFor()).contains("no majority");
    }

    @Test
    void whoWantsTheHostBackIsCommittedWithItsNextLife() {
        agent.wantedBy(Optional.of("ada"));

        agent.advance(nowMs, state(HostRecord.Status.DOWN), false);

        assertThat(committed)
                .singleElement()
                .satisfies(c -> assertThat(((ReturnCommand.BeginReturn) c).swept())
                        .isEqualTo("destroyed: none; kept: none; wanted back by ada"));
    }

    @Test
    void aGuestThatCannotBeDestroyedKeepsTheHostOut() {
        domains.add(new Domain(MOVED, "moved", true));
        homes.put(MOVED, new HostName("hv-2"));
        stubborn = true;

        agent.advance(nowMs, state(HostRecord.Status.DOWN), false);

        assertThat(committed).isEmpty();
        assertThat(agent.waitingFor()).contains("still here: moved");
    }

    @Test
    void aHypervisorThatDoesNotAnswerKeepsTheHostOut() {
        silent = true;

        agent.advance(nowMs, state(HostRecord.Status.DOWN), false);

        assertThat(committed).isEmpty();
        assertThat(agent.waitingFor()).contains("does not answer");
    }

    @Test
    void aRefusalIsTold() {
        refusal = Optional.of("evacuations of incident 7 are under way");

        agent.advance(nowMs, state(HostRecord.Status.DOWN), false);

        assertThat(agent.waitingFor()).contains("incident 7");
    }

    @Test
    void novaComputeIsRestartedOnceAndOnlyBehindAnOpenGate() {
        agent.advance(nowMs, state(HostRecord.Status.RETURNING), false);
        assertThat(restarts).isZero();

        agent.advance(nowMs, state(HostRecord.Status.RETURNING), true);
        agent.advance(nowMs, state(HostRecord.Status.RETURNING), true);

        assertThat(restarts).isEqualTo(1);
    }

    @Test
    void novaComputeIsRestartedAgainSoonerWhenItHasReportedItselfAndNovaStillHoldsTheHostDown() {
        heldDown = true;
        for (nowMs = 0; nowMs < 31_000; nowMs += 1_000) {
            if (nowMs == 15_000) {
                heartbeat = Optional.of("2026-11-27T02:00:15"); // Nova has heard of the new one
            }
            assertThat(restarts).isLessThanOrEqualTo(nowMs < 30_000 ? 1 : 2);
            agent.advance(nowMs, state(HostRecord.Status.RETURNING), true);
        }
        assertThat(restarts).isEqualTo(2);

        heldDown = false;
        for (; nowMs < 600_000; nowMs += 1_000) {
            agent.advance(nowMs, state(HostRecord.Status.RETURNING), true);
        }
        assertThat(restarts).as("Nova has it back").isEqualTo(2);
    }

    @Test
    void novaComputeIsRestartedAgainWhileNovaHoldsTheHostDownButNotForEver() {
        heldDown = true;
        for (nowMs = 0; nowMs < 119_000; nowMs += 1_000) {
            agent.advance(nowMs, state(HostRecord.Status.RETURNING), true);
        }
        assertThat(restarts).as("it may take long to start").isEqualTo(1);

        for (; nowMs < 3_600_000; nowMs += 1_000) {
            agent.advance(nowMs, state(HostRecord.Status.RETURNING), true);
        }
        assertThat(restarts).isEqualTo(5);
    }

    @Test
    void aWallClockThatIsSetBackHoldsNoSecondRestartUp() {
        heldDown = true;
        agent.advance(nowMs, state(HostRecord.Status.RETURNING), true);
        wallMs -= 86_400_000;
        for (; nowMs < 130_000; nowMs += 1_000) {
            agent.advance(nowMs, state(HostRecord.Status.RETURNING), true);
        }

        assertThat(restarts).isEqualTo(2);
    }

    @Test
    void novaComputeIsNotRestartedAgainWhereNovaHasTakenTheForceDownBack() {
        for (nowMs = 0; nowMs < 3_600_000; nowMs += 1_000) {
            agent.advance(nowMs, state(HostRecord.Status.RETURNING), true);
        }

        assertThat(restarts).isEqualTo(1);
    }
}
