package io.vmha.testcluster.faults.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.faults.check.Finding.Verdict;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every invariant holds on a history as it should be, fails on one that was doctored, and says when it cannot tell. */
class InvariantsTest {
    @Test
    void everyInvariantHoldsOnTheHistoryOfADeathAsItShouldBe() {
        for (Invariant invariant : Invariants.all()) {
            Finding finding = invariant.check(HistoryDraft.ofADeath().history());

            assertThat(finding.verdict())
                    .as("%s: %s %s", invariant.id(), finding.summary(), finding.evidence())
                    .isEqualTo(Verdict.HELD);
        }
    }

    static Stream<Arguments> doctored() {
        return Stream.concat(doctoredLives(), doctoredGroups());
    }

    /** What befalls VMs, and what Nova says of them. */
    private static Stream<Arguments> doctoredLives() {
        return Stream.of(
                // the old copy beats once after the new one began
                broken(
                        "I1",
                        h -> h.add(
                                0,
                                "guest",
                                "{vm:'v', nonce:'0', host:'hv-4', from_ms:5, to_ms:20001, beats:9, gaps:[]}")),
                // a write that was stuck in the old host's kernel arrives late
                broken(
                        "I1d",
                        h -> h.add(0, "disk", "{vm:'v', nonce:'0', host:'hv-4', from_ms:5, to_ms:20001, writes:9}")),
                // two copies of one boot write by turns: their count goes up and down
                broken(
                        "I1d",
                        h -> h.add(
                                0,
                                "disk",
                                "{vm:'w', nonce:'0', host:'hv-4', from_ms:5, to_ms:900, writes:9,"
                                        + " went_back:'from 7 to 5 at 800 ms'}")),
                broken("I2", h -> h.add(17_000, "nova", call("[]", "hv-2", "hv-1", 1))),
                broken(
                        "I9",
                        h -> h.add(
                                0,
                                "guest",
                                "{vm:'v', nonce:'0', host:'hv-2', from_ms:5, to_ms:16001, beats:9, gaps:[]}")),
                broken(
                        "I3",
                        h -> h.without("servers")
                                .add(
                                        60_000,
                                        "servers",
                                        "{servers:[{id:'v', name:'vm', status:'ACTIVE', host:'hv-3', task:''}]}")),
                broken(
                        "I3",
                        h -> h.without("servers")
                                .add(
                                        60_000,
                                        "servers",
                                        "{servers:[{id:'v', name:'vm', status:'ERROR', host:'hv-1', task:''}]}")),
                broken(
                        "I3",
                        h -> h.add(
                                60_000,
                                "guest",
                                "{vm:'v', nonce:'3', host:'hv-3', from_ms:59000, to_ms:60000, beats:9, gaps:[]}")));
    }

    /** What befalls the group, its daemons and its hosts. */
    private static Stream<Arguments> doctoredGroups() {
        return Stream.of(
                broken("I4", h -> h.add(700, "view", "{host:'hv-3', role:'leader', term:1}")),
                broken("I4", h -> h.add(17_000, "nova", call("['hv-1']", "hv-2", "hv-3", 1))),
                broken("I5", h -> h.operation("READ", "", "lost", 5_000, 6_000)),
                broken("I6", h -> h.add(60_000, "replica", "{host:'hv-5', index:30, incidents:[], hosts:{}}")),
                broken(
                        "I6",
                        h -> h.add(60_000, "state", "{group:'g', host:'hv-1', index:31, digest:'aa'}")
                                .add(60_000, "state", "{group:'g', host:'hv-3', index:31, digest:'bb'}")),
                broken(
                        "I7",
                        h -> h.add(
                                60_000, "pool", "{host:'hv-3', alive:['hv-1','hv-3'], wanted:['hv-1','hv-2','hv-3']}")),
                broken("I8", h -> h.add(30_000, "power", "{host:'hv-3', on:false, by:'its BMC'}")),
                broken("I8", h -> h.add(30_000, "nova", call("['hv-1']", "hv-3", "hv-1", 1))),
                broken(
                        "I10",
                        h -> h.add(
                                        15_000,
                                        "fault",
                                        "{id:'f2', name:'switch-reboot', targets:[], dead:[], cut:[], silent:[],"
                                                + " mass:true}")
                                .add(18_000, "healed", "{id:'f2'}")),
                broken("I11", h -> h.add(56_000, "sample", "{host:'hv-1', rss_kib:900000, threads:40, data_kib:2000}")),
                broken("I11", h -> h.add(56_000, "sample", "{host:'hv-1', rss_kib:90000, threads:400, data_kib:2000}")),
                broken(
                        "I11",
                        h -> h.add(
                                56_000,
                                "sample",
                                "{host:'hv-1', rss_kib:90000, threads:100, data_kib:2000,"
                                        + " kinds:{'grpc-default-ex':40}}")),
                broken(
                        "I12",
                        h -> h.add(
                                30_000,
                                "nova",
                                "{caller:'hv-1', committed:true, accepted:true, evacuates:'w', evidence:{answered:1,"
                                        + " certified:['hv-1']}}")),
                broken("L", h -> h.without("nova")),
                broken("C", h -> h.add(58_000, "converged", "{ok:false, took_ms:150000, why:'incident 1 is open'}")));
    }

    private interface Doctor {
        HistoryDraft change(HistoryDraft draft);
    }

    private static Arguments broken(String id, Doctor doctor) {
        return Arguments.of(id, doctor.change(HistoryDraft.ofADeath()));
    }

    private static String call(String certified, String source, String caller, int term) {
        return "{caller:'" + caller
                + "', method:'POST', committed:true, accepted:true, evacuates:'v', evidence:{asked:2, answered:2,"
                + " certified:"
                + certified + ", source:'" + source + "', proof:'POWER_OFF', caller_role:'leader', caller_term:" + term
                + "}}";
    }

    @ParameterizedTest(name = "{0} #{index}")
    @MethodSource("doctored")
    void aDoctoredHistoryIsFoundOutByTheInvariantItBreaks(String id, HistoryDraft draft) {
        Finding finding = named(id).check(draft.history());

        assertThat(finding.verdict()).as("%s: %s", id, finding.summary()).isEqualTo(Verdict.VIOLATED);
        assertThat(finding.evidence()).isNotEmpty();
    }

    @Test
    void whatTheHistoryDoesNotShowIsNotTakenForGood() {
        HistoryDraft empty = HistoryDraft.ofADeath();
        List.of("guest", "disk", "servers", "replica", "pool", "sample", "converged", "operation")
                .forEach(empty::without);

        for (String id : List.of("I1", "I1d", "I3", "I5", "I6", "I7", "I11", "I12", "C")) {
            assertThat(named(id).check(empty.history()).verdict()).as(id).isEqualTo(Verdict.UNKNOWN);
        }
    }

    @Test
    void anEvacuateCallWhoseProofNobodyCouldBeAskedForCannotBeTold() {
        HistoryDraft draft = HistoryDraft.ofADeath()
                .add(
                        17_000,
                        "nova",
                        "{caller:'hv-1', committed:true, accepted:true, evacuates:'v', evidence:{asked:2, answered:0,"
                                + " certified:[]}}");

        assertThat(named("I2").check(draft.history()).verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    @Test
    void aHostThatWasCutOffMayBeFencedForAMinuteAfterTheCut() {
        HistoryDraft draft = HistoryDraft.ofADeath()
                .add(
                        20_000,
                        "fault",
                        "{id:'f3', name:'partition-one', targets:['hv-3'], dead:[], cut:['hv-3'], silent:[],"
                                + " mass:false}")
                .add(25_000, "healed", "{id:'f3'}")
                .add(60_000, "power", "{host:'hv-3', on:false, by:'its BMC'}");

        assertThat(named("I8").check(draft.history()).verdict()).isEqualTo(Verdict.HELD);
        assertThat(named("I8")
                        .check(draft.add(90_000, "power", "{host:'hv-3', on:false, by:'its BMC'}")
                                .history())
                        .verdict())
                .isEqualTo(Verdict.VIOLATED);
    }

    @Test
    void aLockThatIsLostIsExcusedByTheEndOfItsSessionAndByNothingElse() {
        HistoryDraft draft = HistoryDraft.ofADeath()
                .add(5, "operation", lock("ACQUIRE", ", answer:'true'", "DONE", 5_000_000))
                .add(7, "operation", lock("RELEASE", ", answer:'false'", "DONE", 7_000_000));

        assertThat(named("I5").check(draft.history()).verdict()).isEqualTo(Verdict.VIOLATED);
        assertThat(named("I5")
                        .check(draft.add(1, "operation", lock("END_SESSION", "", "UNKNOWN", 1_000_000))
                                .history())
                        .verdict())
                .isEqualTo(Verdict.HELD);
    }

    private static String lock(String action, String answer, String outcome, long fromNs) {
        return "{object:'lock', client:'l', key:'k', action:'" + action + "', argument:'s', outcome:'" + outcome
                + "', from_ns:" + fromNs + ", to_ns:" + (fromNs + 1_000_000) + answer + "}";
    }

    @Test
    void aCallBeforeTheDeathIsNoRecoveryFromIt() {
        HistoryDraft draft =
                HistoryDraft.ofADeath().without("nova").add(5_000, "nova", call("['hv-1']", "hv-2", "hv-1", 1));

        assertThat(named("L").check(draft.history()).verdict()).isEqualTo(Verdict.VIOLATED);
    }

    @Test
    void aRealNovaHasMoreTimeButNotAllTheTime() {
        assertThat(judgedBy("simulated", 54_000)).isEqualTo(Verdict.HELD);
        assertThat(judgedBy("simulated", 56_000)).isEqualTo(Verdict.VIOLATED);
        assertThat(judgedBy("openstack", 56_000)).isEqualTo(Verdict.HELD);
        assertThat(judgedBy("openstack", 101_000)).isEqualTo(Verdict.VIOLATED);
    }

    /** The host of the draft dies at 10 s and stays away. */
    private static Verdict judgedBy(String nova, long calledMs) {
        HistoryDraft draft = HistoryDraft.ofADeath()
                .without("nova")
                .add(0, "run", "{nova:'" + nova + "'}")
                .add(calledMs, "nova", call("['hv-1']", "hv-2", "hv-1", 1));
        return named("L").check(draft.history()).verdict();
    }

    @Test
    void aDeathWhileSomethingElseIsInTheWayIsNotJudgedByWhatCameOfIt() {
        HistoryDraft draft = HistoryDraft.ofADeath()
                .without("nova")
                .add(
                        12_000,
                        "fault",
                        "{id:'f5', name:'nova-down', family:'cloud', targets:[], dead:[], cut:[], silent:[],"
                                + " mass:false}")
                .add(35_000, "healed", "{id:'f5'}");

        assertThat(named("L").check(draft.history()).verdict()).isEqualTo(Verdict.HELD);
    }

    @Test
    void silenceOfADaemonIsNoExcuseForSomeTime() {
        HistoryDraft draft = HistoryDraft.ofADeath()
                .add(
                        20_000,
                        "fault",
                        "{id:'f4', name:'freeze-daemon', targets:['hv-3'], dead:[], cut:[], silent:['hv-3'],"
                                + " mass:false}")
                .add(24_000, "power", "{host:'hv-3', on:false, by:'its BMC'}");

        assertThat(named("I8").check(draft.history()).verdict()).isEqualTo(Verdict.VIOLATED);
    }

    private static Invariant named(String id) {
        return Invariants.all().stream()
                .filter(i -> i.id().equals(id))
                .findFirst()
                .orElseThrow();
    }
}
