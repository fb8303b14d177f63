package io.vmha.recovery.membership;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Witness;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MembershipControllerTest {
    private static final long TERM = 3;
    private static final long REPLACE_AFTER_MS = 120_000;

    private final List<Command> proposed = new ArrayList<>();
    private final List<List<String>> changes = new ArrayList<>();
    private final List<String> transfers = new ArrayList<>();
    private MembershipController controller;
    private RecoveryState state;
    private long nowMs;
    private long index;

    @BeforeEach
    void aLeaderOnTheFirstHost() {
        controller = new MembershipController(
                host(1),
                REPLACE_AFTER_MS,
                new MembershipOutbox() {
                    @Override
                    public void propose(String key, Command command) {
                        proposed.add(command);
                    }

                    @Override
                    public void changeVoters(List<String> peerIds) {
                        changes.add(peerIds);
                    }

                    @Override
                    public void transferLeadership(String peerId) {
                        transfers.add(peerId);
                    }
                },
                now -> now);
        state = RecoveryState.empty();
        nowMs = 1_000;
        controller.onLeadership(nowMs, OptionalLong.of(TERM));
    }

    private static HostName host(int number) {
        return new HostName("hv-" + number);
    }

    private static String peer(int number) {
        return "hv-" + number + "@a";
    }

    private static List<HostName> hosts(int... numbers) {
        return java.util.Arrays.stream(numbers)
                .mapToObj(MembershipControllerTest::host)
                .toList();
    }

    private void commit(Command command) {
        var applied = state.apply(new Entry(TERM, ++index), command);
        assertThat(applied.refusal()).isEmpty();
        state = applied.state();
        controller.onState(nowMs, state);
    }

    private void enabled(int... numbers) {
        commit(new AzCommand.EnableAz(
                1, new AzSettings("az1", 7, "g", true, true, true, Limits.DEFAULT, Proofs.BMC), hosts(numbers)));
    }

    private void pool(int... alive) {
        controller.onPool(
                nowMs,
                java.util.Arrays.stream(alive)
                        .mapToObj(n -> new Candidate(host(n), peer(n), true, ""))
                        .toList());
    }

    private void voters(int... numbers) {
        controller.onVoters(
                nowMs,
                java.util.Arrays.stream(numbers)
                        .mapToObj(n -> new Voter(host(n), peer(n)))
                        .toList());
    }

    private void nova(int... numbers) {
        controller.onAggregate(nowMs, new Aggregate(7, "az1", Optional.of("az1"), hosts(numbers), Map.of()));
    }

    private void pass(long ms) {
        nowMs += ms;
        controller.onTimer(nowMs);
    }

    @Test
    void aGroupOfOneGrowsToFiveVotersOfSevenHosts() {
        enabled(1, 2, 3, 4, 5, 6, 7);
        pool(1, 2, 3, 4, 5, 6, 7);

        voters(1);

        assertThat(changes).containsExactly(List.of(peer(1), peer(2), peer(3), peer(4), peer(5)));
    }

    @Test
    void aGroupThatDoesNotOwnItsZoneTakesNobodyIn() {
        controller.onAuthority(nowMs, false);
        enabled(1, 2, 3);
        pool(1, 2, 3);
        voters(1);
        pass(60_000);

        assertThat(changes).isEmpty();

        controller.onAuthority(nowMs, true);

        assertThat(changes).containsExactly(List.of(peer(1), peer(2), peer(3)));
    }

    @Test
    void threeOfFourHostsVote() {
        enabled(1, 2, 3, 4);
        pool(1, 2, 3, 4);

        voters(1);

        assertThat(changes).containsExactly(List.of(peer(1), peer(2), peer(3)));
    }

    @Test
    void oneChangeIsUnderWayAtATime() {
        enabled(1, 2, 3);
        pool(1, 2, 3);

        voters(1);
        pass(1_000);

        assertThat(changes).hasSize(1);

        voters(1, 2); // in the log, but not committed
        assertThat(changes).hasSize(1);

        controller.onChangeOver(nowMs, true);

        assertThat(changes).as("the next step, at once").hasSize(2);
    }

    @Test
    void aChangeThatFailedOrDidNothingIsAskedForAgainAfterAPauseOnly() {
        enabled(1, 2, 3);
        pool(1, 2, 3);
        voters(1);

        controller.onChangeOver(nowMs, false);
        pass(400);

        assertThat(changes).hasSize(1);

        pass(200);

        assertThat(changes).hasSize(2);
    }

    @Test
    void growingFasterMakesNoHastierUseOfNovasLists() {
        enabled(1, 2, 3, 4, 5);
        pool(1, 2, 3, 4, 5);
        voters(1);
        nova(1, 2);
        for (int done = 2; done <= 5; done++) {
            voters(java.util.stream.IntStream.rangeClosed(1, done).toArray());
            controller.onChangeOver(nowMs, true);
        }

        assertThat(proposed).as("half a list, once").isEmpty();
        assertThat(changes).allMatch(wanted -> wanted.size() == 5);
    }

    @Test
    void aHostThatDoesNotGossipIsNotMadeAVoter() {
        enabled(1, 2, 3);
        pool(1, 2);

        voters(1);

        assertThat(changes).containsExactly(List.of(peer(1), peer(2)));
    }

    @Test
    void aVoterThatIsOnlySilentStays() {
        enabled(1, 2, 3, 4);
        pool(1, 2, 4);

        voters(1, 2, 3);

        assertThat(changes).isEmpty();
    }

    @Test
    void aVoterWhoseHostIsDownIsReplacedByASpare() {
        enabled(1, 2, 3, 4);
        var words = new TreeMap<HostName, List<Witness>>();
        words.put(host(3), List.of(new Witness("bmc", "off")));
        commit(new IncidentCommand.DeclareIncident(2, TERM, words));
        pool(1, 2, 4);

        voters(1, 2, 3);

        assertThat(changes).as("not while it is being recovered").isEmpty();
    }

    @Test
    void newStorageIsANewVoter() {
        enabled(1, 2, 3);
        controller.onPool(
                nowMs,
                List.of(
                        new Candidate(host(1), peer(1), true, ""),
                        new Candidate(host(2), "hv-2@b", true, ""),
                        new Candidate(host(2), peer(2), false, ""),
                        new Candidate(host(3), peer(3), true, "")));

        voters(1, 2, 3);

        assertThat(changes).containsExactly(List.of(peer(1), "hv-2@b", peer(3)));
    }

    @Test
    void aHostThatNovaAddsIsTakenInAtOnce() {
        enabled(1, 2, 3);

        nova(1, 2, 3, 4);

        assertThat(proposed).singleElement().isEqualTo(new AzCommand.SetHosts(nowMs, TERM, hosts(1, 2, 3, 4)));
    }

    @Test
    void aHostThatNovaRemovesGoesAfterTwoReadingsInARow() {
        enabled(1, 2, 3, 4);

        nova(1, 2, 3);
        nova(1, 2, 3, 4);
        nova(1, 2, 3);

        assertThat(proposed).isEmpty();

        nova(1, 2, 3);

        assertThat(proposed).singleElement().isEqualTo(new AzCommand.SetHosts(nowMs, TERM, hosts(1, 2, 3)));
    }

    @Test
    void aHostUnderRecoveryStaysWhateverNovaLists() {
        enabled(1, 2, 3, 4);
        var words = new TreeMap<HostName, List<Witness>>();
        words.put(host(4), List.of(new Witness("bmc", "off")));
        commit(new IncidentCommand.DeclareIncident(2, TERM, words));

        nova(1, 2, 3);
        nova(1, 2, 3);
        nova(1, 2, 3);

        assertThat(proposed).isEmpty();
    }

    @Test
    void anEmptyAggregateChangesNothing() {
        enabled(1, 2, 3);

        nova();
        nova();
        nova();

        assertThat(proposed).isEmpty();
    }

    @Test
    void aLeaderWhoseHostLeftTheAggregateHandsOver() {
        enabled(1, 2, 3, 4);
        commit(new AzCommand.SetHosts(2, TERM, hosts(2, 3, 4)));
        pool(1, 2, 3, 4);

        voters(1, 2, 3);

        assertThat(changes).isEmpty();
        assertThat(transfers).containsExactly(peer(2));
    }

    @Test
    void onlyALeaderChangesAnything() {
        controller.onLeadership(nowMs, OptionalLong.empty());
        enabled(1, 2, 3);
        pool(1, 2, 3);
        voters(1);
        nova(1, 2, 3, 4);
        pass(60_000);

        assertThat(changes).isEmpty();
        assertThat(proposed).isEmpty();
    }

    @Test
    void aDisabledAzIsLeftAlone() {
        enabled(1, 2, 3);
        commit(new AzCommand.DisableAz(5));
        pool(1, 2, 3);
        voters(1);
        nova(1, 2, 3, 4);

        assertThat(changes).isEmpty();
        assertThat(proposed).isEmpty();
    }

    private void racks(String... racks) {
        var agents = new ArrayList<Candidate>();
        for (int i = 0; i < racks.length; i++) {
            agents.add(new Candidate(host(i + 1), peer(i + 1), true, racks[i]));
        }
        controller.onPool(nowMs, agents);
    }

    @Test
    void aVoterThatIsAwayForTooLongIsReplacedByASpareHost() {
        enabled(1, 2, 3, 4);
        pool(1, 2, 4);
        voters(1, 2, 3);

        pass(REPLACE_AFTER_MS - 1);

        assertThat(changes).isEmpty();

        pass(1);

        assertThat(changes).containsExactly(List.of(peer(1), peer(2), peer(4)));
    }

    @Test
    void aVoterThatComesBackInTimeStays() {
        enabled(1, 2, 3, 4);
        pool(1, 2, 4);
        voters(1, 2, 3);
        pass(REPLACE_AFTER_MS - 1);
        pool(1, 2, 3, 4);
        pass(10);
        pool(1, 2, 4);
        pass(REPLACE_AFTER_MS - 1);

        assertThat(changes).isEmpty();
    }

    @Test
    void aVoterThatIsAwayStaysWhileNobodyCanReplaceIt() {
        enabled(1, 2, 3);
        pool(1, 2);
        voters(1, 2, 3);
        pass(10 * REPLACE_AFTER_MS);

        assertThat(changes).isEmpty();
    }

    @Test
    void aReplacedVoterThatComesBackIsASpare() {
        enabled(1, 2, 3, 4);
        pool(1, 2, 3, 4);
        voters(1, 2, 4);
        pass(10 * REPLACE_AFTER_MS);

        assertThat(changes).isEmpty();
    }

    @Test
    void aNewLeaderCountsTheAbsenceAnew() {
        enabled(1, 2, 3, 4);
        pool(1, 2, 4);
        voters(1, 2, 3);
        pass(REPLACE_AFTER_MS - 1);
        controller.onLeadership(nowMs, OptionalLong.of(TERM + 1));
        pass(REPLACE_AFTER_MS - 1);

        assertThat(changes).isEmpty();
    }

    @Test
    void votersAreSpreadOverTheRacksAsTheGroupGrows() {
        enabled(1, 2, 3, 4, 5, 6, 7);
        racks("a", "a", "a", "a", "b", "b", "c");

        voters(1);

        assertThat(changes).containsExactly(List.of(peer(1), peer(2), peer(5), peer(6), peer(7)));
    }

    @Test
    void votersMoveToAnEmptierRackOneAtATime() {
        enabled(1, 2, 3, 4, 5, 6);
        racks("a", "a", "a", "a", "a", "b");

        voters(1, 2, 3, 4, 5);

        assertThat(changes)
                .as("the leader stays")
                .containsExactly(List.of(peer(1), peer(2), peer(3), peer(4), peer(6)));
    }

    @Test
    void aGoodSpreadIsLeftAloneAndSoIsAGroupWithAVoterAway() {
        enabled(1, 2, 3, 4, 5, 6);
        racks("a", "a", "b", "b", "c", "c");
        voters(1, 2, 3, 4, 5);

        assertThat(changes).isEmpty();

        controller.onPool(
                nowMs,
                List.of(
                        new Candidate(host(1), peer(1), true, "a"),
                        new Candidate(host(2), peer(2), true, "a"),
                        new Candidate(host(3), peer(3), true, "a"),
                        new Candidate(host(4), peer(4), true, "a"),
                        new Candidate(host(5), peer(5), false, "a"),
                        new Candidate(host(6), peer(6), true, "b")));

        assertThat(changes).isEmpty();
    }

    @Test
    void anAgentWhoseHostIsNotInTheAggregateIsNotTakenIn() {
        enabled(1, 2, 3);
        pool(1, 2, 3, 9);
        voters(1, 2, 3);
        nova(1, 2, 3);
        pass(10 * REPLACE_AFTER_MS);

        assertThat(changes).isEmpty();
        assertThat(proposed).isEmpty();
    }

    @Test
    void aHostWithoutAnAgentBelongsToTheZoneButDoesNotVote() {
        enabled(1, 2, 3);
        pool(1, 2, 3);
        voters(1, 2, 3);

        nova(1, 2, 3, 4, 5);

        assertThat(proposed).singleElement().isEqualTo(new AzCommand.SetHosts(nowMs, TERM, hosts(1, 2, 3, 4, 5)));
        commit(proposed.get(0));
        assertThat(changes)
                .as("five hosts want five voters, but two have no agent")
                .isEmpty();
    }
}
