package io.vmha.node.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.MemberStatus;
import io.vmha.gossip.wire.Vsn;
import io.vmha.node.config.ReservedTags;
import io.vmha.node.raft.GroupId;
import io.vmha.recovery.core.HostName;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Tags come from the network: whatever a member writes there, the book is read to its end, and nonsense is none of ours. */
final class PeerBookTest {
    private static final String GROUP = "11111111-2222-3333-4444-555555555555";
    private static final Map<String, String> GOOD = Map.of(
            "host",
            "hv-1",
            "peer",
            "hv-1@00000000000000aa",
            "raft",
            "8300",
            "group",
            GROUP,
            "voter",
            "1",
            "rack",
            "r1");

    private final PeerBook book = new PeerBook();

    private static Member member(String name, Map<String, String> tags) {
        return new Member(
                name,
                InetAddress.getLoopbackAddress(),
                8301,
                new TreeMap<>(tags),
                MemberStatus.ALIVE,
                false,
                Vsn.OURS,
                1);
    }

    private static Map<String, String> with(String tag, String value) {
        var tags = new TreeMap<>(GOOD);
        tags.put(tag, value);
        return tags;
    }

    @Test
    void hostileTagsMakeAStrangerAndHarmNobodyElse() {
        var pool = new ArrayList<Member>();
        for (String port :
                List.of("", "x", "8300 ", "0x206c", "-1", "0", "65536", "99999999999999999999", "\u0000", "8300;")) {
            pool.add(member("port-" + pool.size(), with("raft", port)));
        }
        for (String host : List.of("", " ", "h".repeat(256))) {
            pool.add(member("host-" + pool.size(), with("host", host)));
        }
        for (String peer : List.of(
                "",
                "@",
                "hv-1",
                "hv-1@zz",
                "hv-1@00000000000000AA",
                "hv-1@00000000000000aa\n",
                "\n@00000000000000aa")) {
            pool.add(member("peer-" + pool.size(), with("peer", peer)));
        }
        for (String group : List.of("", "none", GROUP + "0", "-".repeat(500))) {
            pool.add(member("group-" + pool.size(), with("group", group)));
        }
        pool.add(member("nothing", Map.of()));
        pool.add(member("good", GOOD));

        book.read(pool);

        assertThat(book.agents()).extracting(PeerBook.Agent::host).containsOnly(new HostName("hv-1"));
        assertThat(book.agents()).hasSize(1);
        assertThat(book.groups()).containsOnlyKeys(GROUP);
        assertThat(book.candidates(Optional.of(GroupId.parse(GROUP)), 1)).hasSize(1);
        assertThat(book.signs()).hasSize(1);
        assertThat(book.ports()).hasSize(1);
    }

    @Test
    void hugeAndStrangeValuesOfTagsThatAreOnlyShownAreTaken() {
        book.read(List.of(member("a", with("rack", "r".repeat(512))), member("b", with("voter", "yes"))));

        assertThat(book.agents()).hasSize(2);
        assertThat(book.agents().get(1).voter()).isFalse();
    }

    @Test
    void nobodyMaySetWhatOtherDaemonsReadHere() {
        assertThat(ReservedTags.NAMES)
                .contains(
                        PeerBook.TAG_HOST,
                        PeerBook.TAG_PEER,
                        PeerBook.TAG_RAFT_PORT,
                        PeerBook.TAG_GROUP,
                        PeerBook.TAG_VOTER,
                        PeerBook.TAG_ARMED);
    }
}
