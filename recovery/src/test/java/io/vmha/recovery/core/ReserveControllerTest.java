package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A reserved host is enabled for a lost one before its VMs move, and given back when that one is in service again. */
class ReserveControllerTest implements ReserveController.Outbox, ReserveRecords {
    private static final HostName LOST = hv(1);
    private static final HostName SPARE = hv(9);
    private static final long AGGREGATE = 1;

    private final CommittedLog log = CommittedLog.of(4, CommittedLog.ROOMY);
    private final ReserveController controller = new ReserveController(this, nowMs -> nowMs);
    private final TreeSet<HostName> enabled = new TreeSet<>(CommittedLog.hosts(4));
    private final TreeSet<HostName> down = new TreeSet<>();
    private final TreeSet<HostName> members = new TreeSet<>(CommittedLog.hosts(4));
    private final List<String> effects = new ArrayList<>();
    private final List<Command> committed = new ArrayList<>();
    private final TreeSet<HostName> ofIncident = new TreeSet<>();
    private int serversOnSpare;
    private long nowMs;

    @Override
    public void propose(String key, Command command) {
        committed.add(command);
        log.accept(command);
        long index = log.index();
        controller.onProposed(nowMs, key, OptionalLong.of(index));
        controller.onState(nowMs, log.state());
    }

    @Override
    public void work(long term, ReserveUse use, long aggregateId) {
        ReserveWork done = ReserveWork.advance(this, use, aggregateId, () -> true);
        controller.onWork(nowMs, term, use.step(), done);
    }

    @Override
    public List<Aggregate> aggregates() {
        return List.of(new Aggregate(AGGREGATE, "az1", Optional.of("az1"), List.copyOf(members), Map.of()));
    }

    @Override
    public List<ComputeService> computeServices() {
        var all = new ArrayList<ComputeService>();
        for (int i : new int[] {1, 2, 3, 4, 8, 9}) {
            all.add(new ComputeService(
                    "id-" + i,
                    hv(i),
                    !down.contains(hv(i)),
                    enabled.contains(hv(i)),
                    false,
                    ofIncident.contains(hv(i)) ? Optional.of("vmha: incident 2") : Optional.empty()));
        }
        return all;
    }

    @Override
    public List<Server> serversOn(HostName host) {
        var servers = new ArrayList<Server>();
        for (int i = 0; i < serversOnSpare; i++) {
            servers.add(FakeNova.active(vm(i), host));
        }
        return servers;
    }

    @Override
    public void enable(HostName host) {
        effects.add("enable " + host);
        enabled.add(host);
    }

    @Override
    public void disableLiving(HostName host, String reason) {
        effects.add("set aside " + host);
        enabled.remove(host);
    }

    @Override
    public void join(long aggregateId, HostName host) {
        effects.add("join " + host);
        members.add(host);
    }

    @Override
    public void leave(long aggregateId, HostName host) {
        effects.add("leave " + host);
        members.remove(host);
    }

    private void reserve(boolean join, HostName... hosts) {
        AzSettings az = log.state().az().orElseThrow();
        var policy = new EvacuationPolicy(
                false, false, List.of(), List.of(), List.of(), List.of(), new ReservedHosts(List.of(hosts), join));
        log.accept(new AzCommand.EnableAz(
                0,
                new AzSettings(az.name(), AGGREGATE, az.groupId(), true, true, true, az.limits(), az.proofs(), policy),
                CommittedLog.hosts(4)));
    }

    private IncidentId lose() {
        IncidentId id = log.declare(LOST);
        log.proveDown(id, LOST).accept(log.plan(id, LOST, 1));
        controller.onState(nowMs, log.state());
        controller.onLeadership(nowMs, OptionalLong.of(log.term()));
        return id;
    }

    private void pass(long ms) {
        long untilMs = nowMs + ms;
        while (nowMs < untilMs) {
            nowMs += 100;
            controller.onTimer(nowMs);
        }
    }

    private void end(IncidentId id) {
        log.accept(log.begin(id, LOST, 1));
        log.accept(new VmCommand.VmEnded(
                9_000, log.term(), id, LOST, vm(1), new Ending(Ending.Kind.RECOVERED, SPARE.value())));
        log.accept(new VmCommand.VmSettled(9_500, log.term(), id, LOST, vm(1), "unlocked", ""));
        log.accept(log.close(id));
        controller.onState(nowMs, log.state());
        pass(1_000);
    }

    private void comeBack() {
        log.accept(new ReturnCommand.BeginReturn(0, LOST, 1, ""));
        log.accept(new ReturnCommand.EndReturn(0, log.term(), LOST, 2, "up"));
        controller.onState(nowMs, log.state());
    }

    @Test
    void aSpareOutsideTheAggregateJoinsItIsEnabledAndGivenBackWhenItIsEmpty() {
        reserve(true, SPARE);
        serversOnSpare = 1;

        IncidentId id = lose();
        assertThat(ReserveUse.isAwaited(log.state(), log.incident(id)))
                .as("VMs wait")
                .isTrue();
        pass(2_000);
        assertThat(effects).containsExactly("join hv-9", "enable hv-9");
        assertThat(log.state().group().reserves().get(SPARE).step()).isEqualTo(ReserveUse.Step.IN_USE);
        assertThat(standing()).contains("until incident " + id + " is closed");
        assertThat(ReserveUse.isAwaited(log.state(), log.incident(id))).isFalse();

        end(id);
        assertThat(effects).as("as long as the other is lost").hasSize(2);
        comeBack();
        pass(20_000);
        assertThat(effects).containsExactly("join hv-9", "enable hv-9", "set aside hv-9");

        serversOnSpare = 0;
        pass(12_000);
        assertThat(effects).endsWith("leave hv-9");
        assertThat(log.state().group().reserves()).isEmpty();
        assertThat(log.incident(id).story().stream().map(Note::text))
                .contains(
                        "hv-1: reserved host hv-9 is being enabled and added to the aggregate",
                        "hv-1: reserved host hv-9 is being given back");
    }

    @Test
    void aMemberOfTheAggregateIsOnlyEnabledAndDisabled() {
        reserve(false, hv(4));
        enabled.remove(hv(4));
        IncidentId id = lose();
        pass(2_000);
        end(id);
        comeBack();
        pass(12_000);

        assertThat(effects).containsExactly("enable hv-4", "set aside hv-4");
        assertThat(log.state().group().reserves()).isEmpty();
    }

    /** Whoever brings it back into service enables it, so it would stay enabled though nobody needs it. */
    @Test
    void aSpareThatIsLostItselfIsGivenBackWhenItIsBack() {
        reserve(false, hv(4));
        enabled.remove(hv(4));
        IncidentId id = lose();
        pass(2_000);
        enabled.remove(hv(4));
        ofIncident.add(hv(4));
        down.add(hv(4));
        end(id);
        comeBack();
        pass(12_000);
        assertThat(log.state().group().reserves().get(hv(4)).step()).isEqualTo(ReserveUse.Step.GIVING_BACK);

        ofIncident.clear();
        down.clear();
        enabled.add(hv(4));
        pass(12_000);

        assertThat(effects).containsExactly("enable hv-4", "set aside hv-4");
        assertThat(log.state().group().reserves()).isEmpty();
    }

    @Test
    void aSpareThatIsDownIsPassedOverForTheNextOne() {
        reserve(true, SPARE, hv(8));
        down.add(SPARE);

        lose();
        pass(2_000);

        assertThat(effects).containsExactly("join hv-8", "enable hv-8");
        assertThat(log.state().group().reserves().get(SPARE).step()).isEqualTo(ReserveUse.Step.UNFIT);
    }

    @Test
    void withoutASpareThatMayBeTakenNothingIsWaitedFor() {
        reserve(false, SPARE); // not in the aggregate, and must not join it

        IncidentId id = lose();
        pass(2_000);

        assertThat(effects).isEmpty();
        assertThat(ReserveUse.isAwaited(log.state(), log.incident(id))).isFalse();
    }

    @Test
    void itIsNotGivenBackAsLongAsTheLostHostIsAway() {
        reserve(true, SPARE);
        IncidentId id = lose();
        pass(2_000);
        end(id);
        pass(60_000);

        assertThat(standing())
                .isEqualTo("stands in for hv-1 since incident " + id
                        + ": it is given back when hv-1, which is down, is in service again");
        assertThat(log.refuse(new ReserveCommand.BeginGiveBack(0, log.term(), SPARE)))
                .contains("is not back");
        assertThat(log.state().group().reserves().get(SPARE).standing(RecoveryState.empty()))
                .contains("hv-1, which is not in the aggregate any more");
        assertThat(effects).doesNotContain("set aside hv-9");
    }

    private String standing() {
        return log.state().group().reserves().get(SPARE).standing(log.state());
    }

    @Test
    void oneLostHostGetsOneSpareAndNobodyElsesTurnIsTaken() {
        reserve(true, SPARE, hv(8));
        IncidentId id = lose();
        pass(2_000);

        assertThat(log.refuse(new ReserveCommand.BeginUse(0, log.term(), id, LOST, hv(8))))
                .contains("which is none");
    }
}
