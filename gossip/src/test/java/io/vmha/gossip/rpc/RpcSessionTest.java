package io.vmha.gossip.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.MemberStatus;
import io.vmha.gossip.serf.Query;
import io.vmha.gossip.serf.UserEvent;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.RpcFields;
import io.vmha.gossip.wire.RpcReader;
import io.vmha.gossip.wire.RpcWriter;
import io.vmha.gossip.wire.Vsn;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** One client, byte by byte. */
final class RpcSessionTest {
    private final ScriptedPool pool = new ScriptedPool();
    private final Recorder client = new Recorder();
    private final RpcSession session = new RpcSession("", pool, client);

    /** What the client gets to see. */
    static final class Recorder implements RpcOutbox {
        private final RpcReader reader = new RpcReader();
        private boolean closed;

        @Override
        public void reply(Bytes content) {
            reader.feed(content.toArray());
        }

        @Override
        public void record(Bytes content) {
            reader.feed(content.toArray());
        }

        @Override
        public void close() {
            closed = true;
        }

        boolean isClosed() {
            return closed;
        }

        RpcFields next() {
            return reader.next().orElseThrow(() -> new AssertionError("the client got nothing more"));
        }

        List<RpcFields> all() {
            List<RpcFields> all = new ArrayList<>();
            for (Optional<RpcFields> next = reader.next(); next.isPresent(); next = reader.next()) {
                all.add(next.get());
            }
            return all;
        }
    }

    private static RpcWriter header(String command, long sequence) {
        return new RpcWriter().map(2).text("Command").text(command).text("Seq").number(sequence);
    }

    private void say(RpcWriter... values) {
        for (RpcWriter value : values) {
            session.onBytes(value.toBytes().toArray());
        }
    }

    private void greet() {
        say(header("handshake", 1).map(1).text("Version").number(1));
        assertThat(client.next().text("Error")).isEmpty();
    }

    private void subscribe(long sequence, String type) {
        say(header("stream", sequence).map(1).text("Type").text(type));
    }

    static Member member(String name, MemberStatus status) {
        try {
            InetAddress address = InetAddress.getByAddress(new byte[] {10, 0, 0, 1});
            return new Member(name, address, 7946, new TreeMap<>(), status, false, Vsn.OURS, 1);
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Test
    void nothingGoesBeforeTheHandshake() {
        say(header("members", 7));

        RpcFields answer = client.next();
        assertThat(answer.number("Seq")).isEqualTo(7);
        assertThat(answer.text("Error")).isEqualTo("Handshake required");
        assertThat(client.isClosed()).isTrue();
    }

    @Test
    void handshakeKnowsOneVersionAndHappensOnce() {
        say(header("handshake", 1).map(1).text("Version").number(2));
        assertThat(client.next().text("Error")).isEqualTo("Unsupported IPC version");

        greet();
        say(header("handshake", 3).map(1).text("Version").number(1));
        assertThat(client.next().text("Error")).isEqualTo("Handshake already performed");
        assertThat(client.isClosed()).isFalse();
    }

    @Test
    void unknownCommandEndsTheConversation() {
        greet();

        say(header("reboot", 2));

        assertThat(client.next().text("Error")).isEqualTo("Unsupported command");
        assertThat(client.isClosed()).isTrue();
    }

    @Test
    void requestsInPiecesAndManyAtOnceAreTheSame() {
        byte[] bytes = header("handshake", 1)
                .map(1)
                .text("Version")
                .number(1)
                .map(2)
                .text("Command")
                .text("members")
                .text("Seq")
                .number(2)
                .toBytes()
                .toArray();
        for (byte one : bytes) {
            session.onBytes(new byte[] {one});
        }

        assertThat(client.all()).extracting(answer -> answer.number("Seq")).startsWith(1L, 2L);
    }

    @Test
    void threeWrongKeysEndTheConversation() {
        RpcSession guarded = new RpcSession("right", pool, client);
        guarded.onBytes(header("handshake", 1)
                .map(1)
                .text("Version")
                .number(1)
                .toBytes()
                .toArray());
        client.next();
        guarded.onBytes(header("members", 2).toBytes().toArray());
        assertThat(client.next().text("Error")).isEqualTo("Authentication required");

        for (int i = 0; i < 3; i++) {
            assertThat(client.isClosed()).isFalse();
            guarded.onBytes(header("auth", 3)
                    .map(1)
                    .text("AuthKey")
                    .text("wrong")
                    .toBytes()
                    .toArray());
            assertThat(client.next().text("Error")).isEqualTo("Invalid authentication token");
        }
        assertThat(client.isClosed()).isTrue();
    }

    @Test
    void eventsComeAtOnceAndOnlyThoseAskedFor() {
        greet();
        subscribe(5, "user:deploy,member-failed");
        assertThat(client.next().text("Error")).isEmpty();

        session.onUserEvent(new UserEvent("deploy", Bytes.utf8("v1"), 3, true));
        session.onUserEvent(new UserEvent("other", Bytes.EMPTY, 4, false));
        session.onMembers(RpcMemberEvent.JOIN, List.of(member("b", MemberStatus.ALIVE)));
        session.onMembers(RpcMemberEvent.FAILED, List.of(member("b", MemberStatus.FAILED)));

        assertThat(client.next().number("Seq")).isEqualTo(5);
        RpcFields event = client.next();
        assertThat(event.text("Event")).isEqualTo("user");
        assertThat(event.text("Name")).isEqualTo("deploy");
        assertThat(event.bytes("Payload")).isEqualTo(Bytes.utf8("v1"));
        assertThat(event.flag("Coalesce")).isTrue();
        assertThat(client.next().number("Seq")).isEqualTo(5);
        assertThat(client.next().text("Event")).isEqualTo("member-failed");
        assertThat(client.all()).isEmpty();
    }

    @Test
    void streamsAreStoppedAndNotOpenedTwice() {
        greet();
        subscribe(5, "member-joined");
        assertThat(client.next().text("Error")).isEqualTo("Invalid event filter");
        subscribe(5, "");
        assertThat(client.next().text("Error")).isEmpty();
        subscribe(5, "*");
        assertThat(client.next().text("Error")).isEqualTo("Stream with given sequence exists");

        say(header("stop", 6).map(1).text("Stop").number(5));
        client.next();
        session.onUserEvent(new UserEvent("deploy", Bytes.EMPTY, 3, false));

        assertThat(client.all()).isEmpty();
    }

    @Test
    void queryOfAStreamIsAnsweredOnce() {
        greet();
        subscribe(5, "query");
        session.onQuery(new Query(77, "b", "load", Bytes.EMPTY, 9));
        List<RpcFields> heard = client.all();
        assertThat(heard.get(2).number("ID")).isEqualTo(1);

        RpcWriter answer =
                header("respond", 6).map(2).text("ID").number(1).text("Payload").binary(Bytes.utf8("0.7"));
        say(answer);
        assertThat(client.next().text("Error")).isEmpty();
        assertThat(pool.responded()).containsExactly("77 " + Bytes.utf8("0.7"));
        say(answer);
        assertThat(client.next().text("Error")).contains("response already sent");
        say(header("respond", 7).map(1).text("ID").number(99));
        assertThat(client.next().text("Error")).isEqualTo("No pending queries matching ID");
    }

    @Test
    void refusalsAreAnsweredAndTheConversationGoesOn() {
        greet();
        say(header("event", 2).map(1).text("Name").text("refused"));
        assertThat(client.next().text("Error")).isEqualTo("the pool refuses");
        say(header("members-filtered", 3).map(1).text("Name").text("("));
        assertThat(client.next().text("Error")).contains("Failed to compile regex");
        client.next();
        say(header("install-key", 4).map(1).text("Key").text("?"));
        assertThat(client.next().text("Error")).contains("base64");
        client.next();
        say(header("stats", 5));

        assertThat(client.next().number("Seq")).isEqualTo(5);
    }

    @Test
    void aRequestThatThePoolRefusesIsNotWaitedFor() {
        greet();
        for (int i = 0; i < 100; i++) {
            say(header("join", 300 + i).map(1).text("Existing").list(1).text("refused"));
        }
        assertThat(client.all())
                .hasSize(100)
                .allMatch(answer -> answer.text("Error").equals("the pool refuses"));

        say(header("force-leave", 500).map(1).text("Node").text("b"));

        assertThat(client.next().text("Error")).isEmpty();
    }

    @Test
    void whoDoesNotShowTheKeyIsNotAdmitted() {
        var guarded = new RpcSession("sesame", pool, client);
        assertThat(guarded.isAdmitted()).isFalse();

        guarded.onBytes(header("handshake", 1)
                .map(1)
                .text("Version")
                .number(1)
                .toBytes()
                .toArray());
        assertThat(guarded.isAdmitted()).isFalse();

        guarded.onBytes(header("auth", 2)
                .map(1)
                .text("AuthKey")
                .text("sesame")
                .toBytes()
                .toArray());
        assertThat(guarded.isAdmitted()).isTrue();
    }

    @Test
    void everythingThatAClientCanMakeGrowHasABound() {
        greet();
        for (int i = 0; i < 100; i++) {
            subscribe(100 + i, "*");
        }
        assertThat(client.all().stream().filter(answer -> answer.text("Error").contains("64 event streams")))
                .hasSize(36);
        for (int i = 0; i < 100; i++) {
            say(header("join", 300 + i).map(1).text("Existing").list(1).text("10.0.0.9"));
        }
        assertThat(client.all().stream().filter(answer -> answer.text("Error").contains("waits for 64")))
                .hasSize(36);
        session.onBytes(header("event", 500).toBytes().toArray());
        session.onBytes(new byte[] {(byte) 0xdf, 0x7f, -1, -1, -1});
        assertThat(client.isClosed()).as("a map of 2^31 entries").isTrue();
    }

    @Test
    void endlessValueIsNotBuffered() {
        greet();
        session.onBytes(new byte[] {(byte) 0xdb, 0, 127, 0, 0}); // a text of 8 MiB

        for (int i = 0; i < 300 && !client.isClosed(); i++) {
            session.onBytes(new byte[1024]);
        }

        assertThat(client.isClosed()).isTrue();
    }
}
