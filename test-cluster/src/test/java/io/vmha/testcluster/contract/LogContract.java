package io.vmha.testcluster.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Witness;
import io.vmha.testcluster.contract.LogUnderTest.Proposal;
import io.vmha.testcluster.contract.LogUnderTest.Written;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What the users of the replicated log rely on. The simulator's log and a real Raft group pass the same tests: what is found in virtual
 * time would otherwise say nothing about real clusters.
 */
public abstract class LogContract {
    private static final long STALE_FOR_MS = 2_500;
    private static final String MARK = "the contract's own incident";

    private final Map<Long, String> leaderOf = new TreeMap<>();
    private LogUnderTest log;
    private long stamp = 5_000_000;

    /** A log whose nodes agree on a leader soon. */
    protected abstract LogUnderTest start();

    @BeforeEach
    void startTheLog() {
        log = start();
        log.await("the AZ is enabled everywhere", () -> {
            leader().ifPresent(node -> {
                if (!log.state(node).isEnabled()) {
                    var az = new AzSettings("az1", 1, "g", true, false, true, Limits.DEFAULT, Proofs.BMC);
                    log.propose(node, new AzCommand.EnableAz(1, az, hosts()));
                    log.pass(200);
                }
            });
            return log.nodes().stream().allMatch(n -> log.state(n).isEnabled());
        });
    }

    @AfterEach
    void stopTheLog() {
        log.close();
    }

    private List<HostName> hosts() {
        return log.nodes().stream().map(HostName::new).toList();
    }

    /** Who leads the newest term that anybody believes to lead; on the way it is seen that no term has two leaders. */
    private Optional<String> leader() {
        OptionalLong newest = OptionalLong.empty();
        Optional<String> leader = Optional.empty();
        for (String node : log.nodes()) {
            OptionalLong term = log.leads(node);
            if (term.isPresent()) {
                String before = leaderOf.putIfAbsent(term.getAsLong(), node);
                assertThat(before == null ? node : before)
                        .as("the leader of term %d", term.getAsLong())
                        .isEqualTo(node);
                if (newest.isEmpty() || term.getAsLong() > newest.getAsLong()) {
                    newest = term;
                    leader = Optional.of(node);
                }
            }
        }
        return leader;
    }

    private String awaitLeader() {
        return awaitLeaderAfter(0).node();
    }

    /** A node that leads, and the term. */
    private record Leading(String node, long term) {}

    /** A leader of a later term than this one: what was seen is remembered, for it may be over in the next moment. */
    private Leading awaitLeaderAfter(long term) {
        var seen = new ArrayList<Leading>();
        log.await("a leader of a term after " + term, () -> {
            leader().ifPresent(node -> log.leads(node).stream()
                    .filter(its -> its > term)
                    .forEach(its -> seen.add(new Leading(node, its))));
            return !seen.isEmpty();
        });
        return seen.get(0);
    }

    /** A command that no other one equals. */
    private Command command() {
        stamp++;
        return new AzCommand.SetMaintenance(stamp, hosts().get(2), stamp % 2 == 0);
    }

    /** Proposes until it is answered with an index, as a client without fear of repetition would. */
    private long commit(Command command) {
        long[] index = {0};
        Proposal[] last = {log.propose(awaitLeader(), command)};
        log.await("an answer to " + command, () -> {
            Optional<OptionalLong> answer = last[0].answer();
            if (answer.isPresent() && answer.get().isEmpty()) {
                leader().ifPresent(node -> last[0] = log.propose(node, command));
            }
            index[0] = answer.orElse(OptionalLong.empty()).orElse(0);
            return index[0] > 0;
        });
        return index[0];
    }

    private void awaitApplied(long index) {
        log.await(
                "everybody has applied " + index,
                () -> log.nodes().stream().allMatch(n -> log.state(n).applied().index() >= index));
    }

    private long times(String node, Command command) {
        return log.log(node).stream().filter(w -> w.command().equals(command)).count();
    }

    /** One command at one place, the same in every log; terms never fall. */
    private void assertLogsAgree() {
        Map<Long, Written> at = new HashMap<>();
        for (String node : log.nodes()) {
            long term = 0;
            long index = 0;
            for (Written written : log.log(node)) {
                assertThat(at.getOrDefault(written.index(), written))
                        .as("entry in the log of %s", node)
                        .isEqualTo(written);
                at.put(written.index(), written);
                assertThat(written.term()).isGreaterThanOrEqualTo(term);
                assertThat(written.index()).isGreaterThan(index);
                term = written.term();
                index = written.index();
            }
        }
    }

    private void assertStatesAgree() {
        log.await(
                "everybody is at the same index",
                () -> log.nodes().stream()
                                .map(n -> log.state(n).applied().index())
                                .distinct()
                                .count()
                        == 1);
        RecoveryState first = log.state(log.nodes().get(0));
        for (String node : log.nodes()) {
            RecoveryState state = log.state(node);
            if (state.applied().index() == first.applied().index()) {
                assertThat(state).as("state of %s", node).isEqualTo(first);
            }
        }
    }

    @Test
    void whatWasAnsweredIsAtItsIndexInEveryLog() {
        Map<Long, Command> answered = new TreeMap<>();
        for (int i = 0; i < 10; i++) {
            Command command = command();
            answered.put(commit(command), command);
        }
        awaitApplied(answered.keySet().stream().mapToLong(Long::longValue).max().orElseThrow());

        assertThat(answered).as("answers with different indexes").hasSize(10);
        for (String node : log.nodes()) {
            answered.forEach((index, command) -> assertThat(log.log(node))
                    .as("log of %s", node)
                    .anyMatch(w -> w.index() == index && w.command().equals(command)));
        }
        assertLogsAgree();
        assertStatesAgree();
    }

    @Test
    void withoutAMajorityNothingIsAnsweredOrAppliedAndLaterItIsAppliedOnceOrNever() {
        commit(command());
        String leader = awaitLeader();
        log.cutOff(leader);
        Command lost = command();

        Proposal proposal = log.propose(leader, lost);
        log.pass(STALE_FOR_MS);

        assertThat(proposal.answer().flatMap(LogContract::index)).as("answer").isEmpty();
        assertThat(log.nodes()).allMatch(node -> times(node, lost) == 0);

        log.mend();
        long after = commit(command());
        awaitApplied(after);
        log.pass(STALE_FOR_MS);
        assertThat(log.nodes()).allMatch(node -> times(node, lost) <= 1);
        assertLogsAgree();
    }

    private static Optional<Long> index(OptionalLong answer) {
        return answer.isPresent() ? Optional.of(answer.getAsLong()) : Optional.empty();
    }

    @Test
    void whatAStaleLeaderHasDecidedInItsTermIsNotDoneInALaterOne() {
        commit(command());
        Leading leading = awaitLeaderAfter(0);
        String old = leading.node();
        long oldTerm = leading.term();
        log.cutOff(old);
        log.propose(old, declare(oldTerm));
        log.pass(STALE_FOR_MS);
        log.mend();
        awaitLeaderAfter(oldTerm);
        log.await(
                "the old leader knows that its term is over",
                () -> log.leads(old).orElse(oldTerm + 1) > oldTerm);

        commit(declare(oldTerm));
        commit(declare(oldTerm));
        awaitApplied(commit(command()));

        for (String node : log.nodes()) {
            long terms = log.log(node).stream()
                    .filter(w -> w.command() instanceof IncidentCommand.DeclareIncident && w.term() > oldTerm)
                    .count();
            assertThat(terms).as("decided in term %d, committed later", oldTerm).isGreaterThan(0);
            assertThat(incidentsOfOurs(node))
                    .as("but for what was committed in its own term")
                    .isLessThanOrEqualTo(1);
        }
        assertStatesAgree();
    }

    @Test
    void aLeaderThatReachesNobodyCannotProveThatItLeads() {
        commit(command());
        String old = awaitLeader();
        log.await("the leader proves that it leads", () -> log.provesLeadership(awaitLeader()));
        log.cutOff(old);
        log.pass(100);

        assertThat(log.provesLeadership(old))
                .as("proof of the leader that was cut off")
                .isFalse();

        log.mend();
        long answered = commit(command());
        log.await(
                "a leader proves that it leads, and has applied what was answered before",
                () -> leader().filter(log::provesLeadership)
                        .map(node -> log.state(node).applied().index() >= answered)
                        .orElse(false));
    }

    private Command declare(long term) {
        var witnesses = new TreeMap<HostName, List<Witness>>();
        witnesses.put(hosts().get(1), List.of(new Witness("contract", MARK)));
        return new IncidentCommand.DeclareIncident(++stamp, term, witnesses);
    }

    private long incidentsOfOurs(String node) {
        return log.state(node).incidents().values().stream()
                .filter(i -> i.toString().contains(MARK))
                .count();
    }

    @Test
    void aNewLeaderHasAHigherTermAndEverythingThatWasAnswered() {
        List<Command> answered = new ArrayList<>();
        long term = 0;
        for (int round = 0; round < 3; round++) {
            Leading leading = awaitLeaderAfter(term);
            for (Command command : answered) {
                assertThat(times(leading.node(), command))
                        .as("%s in the log of the new leader %s", command, leading)
                        .isGreaterThan(0);
            }
            term = leading.term();
            for (int i = 0; i < 3; i++) {
                Command command = command();
                commit(command);
                answered.add(command);
            }
            log.depose();
        }
        assertLogsAgree();
    }

    @Test
    void aProposalIsAppliedOnceAtMostHoweverLeadersChange() {
        Map<Command, Proposal> proposals = new HashMap<>();
        for (int i = 0; i < 12; i++) {
            Command command = command();
            proposals.put(command, log.propose(awaitLeader(), command));
            if (i % 4 == 3) {
                log.depose();
            }
            log.pass(50);
        }
        log.await(
                "answers",
                () -> proposals.values().stream().allMatch(p -> p.answer().isPresent()));
        awaitApplied(commit(command()));

        for (String node : log.nodes()) {
            proposals.forEach((command, proposal) -> {
                Optional<Long> index = proposal.answer().flatMap(LogContract::index);
                assertThat(times(node, command))
                        .as("%s in the log of %s, answered %s", command, node, index)
                        .isLessThanOrEqualTo(1)
                        .isGreaterThanOrEqualTo(index.isPresent() ? 1 : 0);
            });
        }
        assertLogsAgree();
    }

    @Test
    void aNodeThatWasAwayIsBroughtToTheSameState() {
        String leader = awaitLeader();
        String away =
                log.nodes().stream().filter(n -> !n.equals(leader)).findFirst().orElseThrow();
        commit(command());
        log.goAway(away);
        long last = 0;
        for (int i = 0; i < 40; i++) {
            last = commit(command());
        }

        log.comeBack(away);

        awaitApplied(last);
        assertLogsAgree();
        assertStatesAgree();
    }

    @Test
    void aConfigurationTakesAPlaceInTheLogAndChangesNothingElse() {
        long before = commit(command());
        awaitApplied(before);
        RecoveryState content = log.state(awaitLeader());

        log.changeConfiguration();

        log.await(
                "a place was taken",
                () -> leader().map(n -> log.state(n).applied().index()
                                > content.applied().index())
                        .orElse(false));
        RecoveryState after = log.state(awaitLeader());
        assertThat(after.az()).isEqualTo(content.az());
        assertThat(after.hosts().keySet()).isEqualTo(content.hosts().keySet());
        log.await(
                "the final configuration is applied everywhere",
                () -> log.nodes().stream()
                        .map(n -> log.state(n).group().electorate())
                        .allMatch(e -> !e.isJoint()
                                && e.index() > content.group().electorate().index()));
        assertThat(log.state(awaitLeader()).group().electorate().voters())
                .as("as many voters as before")
                .hasSameSizeAs(content.group().electorate().voters());
        assertThat(commit(command())).isGreaterThan(before + 1);
        assertLogsAgree();
        assertStatesAgree();
    }
}
