package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.ClusterTest;
import io.vmha.testcluster.cluster.LeasedHosts.Beat;
import io.vmha.testcluster.cluster.LeasedHosts.Guest;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Five real vmhad with real guards and no BMC: what a host does whose cluster network is cut (S3 to S6, S11). The disks are the witness. */
@ClusterTest
class LeaseIsolationTest {
    private static final int HOSTS = 5;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    static Path directory;

    private static LeasedHosts lab;

    @BeforeAll
    static void start() {
        assumeTrue(LeasedHosts.isPossible(), "needs root, nftables and python3");
        lab = LeasedHosts.start(directory, HOSTS, 2);
    }

    @AfterAll
    static void end() {
        if (lab != null) {
            lab.close();
        }
    }

    /** Long: it is a race between the pause and the seal, a second and a half apart, which a machine that is busy loses. */
    @Test
    @Tag("long")
    void aCutThatHealsInTimeCostsAPause() {
        String host = lab.follower();
        List<Guest> guests = guestsThatBeatOn(host);
        int calls = lab.cloud().requests().evacuateCalls().size();

        lab.isolate(host);
        lab.await("its guests stand still", () -> guests, all -> all.stream().allMatch(Guest::isPaused));
        lab.heal();

        for (Guest guest : guests) {
            int paused = lab.beats(guest.vm()).size();
            lab.await("it beats on", () -> lab.beats(guest.vm()).size(), beats -> beats > paused + 20);
            assertThat(lab.writers(guest.vm())).as("who wrote").endsWith(guest.nonce());
            assertThat(guest.process().isAlive()).isTrue();
        }
        lab.await("all are armed and in service", lab::armed, armed -> armed.size() == HOSTS);
        assertThat(lab.cloud().requests().evacuateCalls()).hasSize(calls);
    }

    @Test
    void aCutThatHealsLateLeavesNoOldCopyBehindWhenTheHostServesAgain() {
        String host = lab.follower();
        List<Guest> old = guestsThatBeatOn(host);
        long epoch = lab.record(host).path("epoch").asLong();
        int calls = lab.cloud().requests().evacuateCalls().size();

        lab.isolate(host);
        lab.await("its VMs beat elsewhere", () -> old, all -> all.stream().allMatch(g -> isWrittenByAnother(g)));

        long firstCallMs = lab.cloud().requests().evacuateCalls().get(calls).atMs();
        for (Guest guest : old) {
            assertThat(guest.isPaused())
                    .as("the old copy of %s stands still: nobody has told it more", guest.vm())
                    .isTrue();
            assertThat(lastBeatOf(guest)).as("the last word of the old copy").isLessThan(firstCallMs);
        }
        lab.await("its gate is shut", () -> lab.gate(host), said -> said.contains("open=0"));

        lab.heal();

        lab.await("the host serves again", () -> lab.record(host), record -> isBack(record, epoch, old));
        lab.await("its gate opens", () -> lab.gate(host), said -> said.contains("open=1"));
        lab.await("all are armed and in service", lab::armed, armed -> armed.size() == HOSTS);
        assertThat(lab.armed().get(host)).isEqualTo(epoch + 1);
        assertThat(lab.cloud().isForcedDownOrDisabled(host)).isFalse();
        for (Guest guest : old) {
            assertThat(lab.writers(guest.vm())).as("one after the other").doesNotHaveDuplicates();
            int beats = lab.beats(guest.vm()).size();
            lab.await("the new copy beats on", () -> lab.beats(guest.vm()).size(), now -> now > beats + 5);
        }
    }

    private static List<Guest> guestsThatBeatOn(String host) {
        List<Guest> guests = lab.await("guests run on " + host, () -> lab.guestsOn(host), all -> !all.isEmpty());
        List<Guest> living = guests.stream().filter(g -> g.process().isAlive()).toList();
        assertThat(living).isNotEmpty();
        for (Guest guest : living) {
            lab.await("it beats", () -> lab.writers(guest.vm()), writers -> writers.contains(guest.nonce()));
        }
        return living;
    }

    private static boolean isWrittenByAnother(Guest old) {
        List<String> writers = lab.writers(old.vm());
        return !writers.get(writers.size() - 1).equals(old.nonce());
    }

    private static long lastBeatOf(Guest guest) {
        return lab.beats(guest.vm()).stream()
                .filter(beat -> beat.nonce().equals(guest.nonce()))
                .mapToLong(Beat::atMs)
                .max()
                .orElseThrow();
    }

    /** In a new life none of the old copies may be left. */
    private static boolean isBack(JsonNode record, long epoch, List<Guest> old) {
        if (record.path("epoch").asLong() > epoch) {
            assertThat(old)
                    .as("old copies in the host's next life")
                    .noneMatch(g -> g.process().isAlive());
            return record.path("status").asText().equals("in_service");
        }
        return false;
    }
}
