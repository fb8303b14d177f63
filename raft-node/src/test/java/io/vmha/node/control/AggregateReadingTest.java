package io.vmha.node.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.node.raft.GroupId;
import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Everything odd that Nova can answer, and that none of it shrinks the group. */
class AggregateReadingTest {
    private static final GroupId OURS = GroupId.random();
    private static final GroupId OTHER = GroupId.random();
    private static final long ID = 7;

    private static List<HostName> hosts(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(n -> new HostName("hv-" + n))
                .toList();
    }

    private static Aggregate aggregate(long id, String zone, int hosts, String owner) {
        Map<String, String> metadata = owner.isEmpty() ? Map.of() : Map.of(AggregateFollower.GROUP_KEY, owner);
        return new Aggregate(id, "agg-" + id, Optional.of(zone).filter(z -> !z.isEmpty()), hosts(hosts), metadata);
    }

    private static AggregateReading read(int hostsOfTheGroup, Aggregate... all) {
        var az = new AzSettings("az1", ID, OURS.toString(), true, true, true, Limits.DEFAULT, Proofs.BMC);
        return AggregateReading.of(List.of(all), az, OURS, new TreeSet<>(hosts(hostsOfTheGroup)));
    }

    private static void assertHeld(AggregateReading reading, Optional<Boolean> authority, String trouble) {
        assertThat(reading.follow()).as("no membership is followed").isEmpty();
        assertThat(reading.authority()).isEqualTo(authority);
        assertThat(reading.trouble()).hasValueSatisfying(t -> assertThat(t).contains(trouble));
    }

    @Test
    void anAggregateThatNamesThisGroupIsFollowed() {
        AggregateReading reading = read(5, aggregate(ID, "az1", 5, OURS.toString()), aggregate(8, "az2", 3, ""));

        assertThat(reading.authority()).contains(true);
        assertThat(reading.follow()).isPresent();
        assertThat(reading.trouble()).isEmpty();
    }

    @Test
    void anotherGroupsNameTakesTheAuthority() {
        AggregateReading reading = read(5, aggregate(ID, "az1", 5, OTHER.toString()));

        assertHeld(reading, Optional.of(false), "this group does not act");
        assertThat(reading.rival()).contains(OTHER.toString());
    }

    @Test
    void aMissingNameTakesTheAuthorityAndSaysHowToGetItBack() {
        AggregateReading reading = read(5, aggregate(ID, "az1", 5, ""));

        assertHeld(reading, Optional.of(false), "vmha az enable az1");
        assertThat(reading.rival()).isEmpty();
    }

    @Test
    void aDeletedAggregateChangesNothing() {
        assertHeld(read(5, aggregate(8, "az1", 5, "")), Optional.empty(), "does not exist any more");
        assertHeld(read(5), Optional.empty(), "does not exist any more");
    }

    @Test
    void aRenamedZoneFreezesTheMembershipButNotTheProtection() {
        assertHeld(read(5, aggregate(ID, "az9", 4, OURS.toString())), Optional.of(true), "'az9'");
        assertHeld(read(5, aggregate(ID, "", 4, OURS.toString())), Optional.of(true), "no AZ");
    }

    @Test
    void aZoneThatMapsToTwoAggregatesFreezesTheMembership() {
        assertHeld(
                read(5, aggregate(ID, "az1", 4, OURS.toString()), aggregate(8, "az1", 3, "")),
                Optional.of(true),
                "maps to aggregates [7, 8]");
    }

    @Test
    void halfAListLetsNobodyGo() {
        assertHeld(read(8, aggregate(ID, "az1", 4, OURS.toString())), Optional.of(true), "4 of 8 hosts at once");
        assertHeld(read(5, aggregate(ID, "az1", 2, OURS.toString())), Optional.of(true), "an AZ needs 3");
        assertHeld(read(5, aggregate(ID, "az1", 0, OURS.toString())), Optional.of(true), "Nova lists 0 hosts");
    }

    @Test
    void fewerThanHalfMayGoAndAnyNumberMayCome() {
        assertThat(read(5, aggregate(ID, "az1", 3, OURS.toString())).follow()).isPresent();
        assertThat(read(3, aggregate(ID, "az1", 30, OURS.toString())).follow()).isPresent();
    }

    @Test
    void aHostThatMovedAwayWhileOthersCameIsJudgedByWhoLeft() {
        var moved = new ArrayList<>(hosts(5));
        moved.remove(0);
        moved.add(new HostName("hv-9"));
        var reading = read(
                5,
                new Aggregate(
                        ID, "a", Optional.of("az1"), moved, Map.of(AggregateFollower.GROUP_KEY, OURS.toString())));

        assertThat(reading.follow()).isPresent();
    }

    @Test
    void aNewHostThatNovaHoldsDownIsNotTakenInAndTheOthersAre() {
        Aggregate aggregate = aggregate(ID, "az1", 6, OURS.toString());
        var known = new TreeSet<>(hosts(4));
        // hv-4 is the group's own, and it is the group's recovery that holds it down
        List<ComputeService> services = List.of(service("hv-3", false), service("hv-4", true), service("hv-6", true));

        List<HostName> held = Newcomers.heldDown(aggregate, known, services);
        AggregateReading reading = read(4, aggregate).without(held);

        assertThat(Newcomers.hasAny(aggregate, known)).isTrue();
        assertThat(Newcomers.hasAny(aggregate, new TreeSet<>(hosts(6)))).isFalse();
        assertThat(held).containsExactly(new HostName("hv-6"));
        assertThat(reading.follow())
                .hasValueSatisfying(a -> assertThat(a.hosts()).isEqualTo(hosts(5)));
        assertThat(reading.authority()).contains(true);
        assertThat(reading.trouble())
                .hasValueSatisfying(
                        t -> assertThat(t).contains("hv-6 is not taken in", "compute service set --up hv-6"));
        assertThat(read(4, aggregate).without(List.of())).isEqualTo(read(4, aggregate));
    }

    private static ComputeService service(String host, boolean forcedDown) {
        return new ComputeService("id-" + host, new HostName(host), !forcedDown, true, forcedDown, Optional.empty());
    }
}
