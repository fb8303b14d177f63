package io.vmha.gossip.netty;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.vmha.gossip.memberlist.Profile;
import io.vmha.gossip.rpc.LogLine;
import io.vmha.gossip.rpc.LogSource;
import io.vmha.gossip.wire.RpcFields;
import io.vmha.gossip.wire.RpcReader;
import io.vmha.gossip.wire.RpcWriter;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Serf clients that mean no good, on real sockets: after each of them the next one is served. */
final class HostileSerfClientsTest {
    private static final int READ_LIMIT_MS = 30_000;
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String KEY = "sesame";

    private final List<Socket> sockets = new ArrayList<>();
    private final StreamedLog log = new StreamedLog();
    private final ListAppender<ILoggingEvent> said = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(RpcEndpoint.class);
    private GossipAgent agent;

    /** A log that the test writes. */
    private static final class StreamedLog implements LogSource {
        private volatile Consumer<LogLine> reader = line -> {};

        @Override
        public List<LogLine> recent() {
            return List.of();
        }

        @Override
        public void follow(Consumer<LogLine> newReader) {
            reader = newReader;
        }
    }

    private void start(String authKey) {
        said.start();
        logger.addAppender(said);
        InetSocketAddress address = Loopback.address(0);
        agent = GossipAgent.start(
                GossipConfig.of("hv-1", address)
                        .withProfile(Profile.LOCAL)
                        .withRpc(RpcSettings.of(new InetSocketAddress(address.getAddress(), 0))
                                .withAuthKey(authKey)
                                .withLog(log)),
                new RecordingListener());
    }

    @AfterEach
    void stop() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        logger.detachAppender(said);
        agent.close();
    }

    private Socket connect() throws IOException {
        InetSocketAddress door = agent.rpcAddress().orElseThrow();
        var socket = new Socket(door.getAddress(), door.getPort());
        socket.setSoTimeout(READ_LIMIT_MS);
        sockets.add(socket);
        return socket;
    }

    private static RpcWriter header(String command, long sequence) {
        return new RpcWriter().map(2).text("Command").text(command).text("Seq").number(sequence);
    }

    private static RpcWriter handshake() {
        return header("handshake", 1).map(1).text("Version").number(1);
    }

    private static void say(Socket socket, RpcWriter value) throws IOException {
        socket.getOutputStream().write(value.toBytes().toArray());
    }

    /** The next value that the agent sends; empty once it has hung up. */
    private static Optional<RpcFields> hear(Socket socket, RpcReader reader) throws IOException {
        InputStream in = socket.getInputStream();
        byte[] chunk = new byte[8192];
        for (Optional<RpcFields> next = reader.next(); ; next = reader.next()) {
            if (next.isPresent()) {
                return next;
            }
            int read;
            try {
                read = in.read(chunk);
            } catch (java.net.SocketException reset) {
                return Optional.empty();
            }
            if (read < 0) {
                return Optional.empty();
            }
            reader.feed(Arrays.copyOf(chunk, read));
        }
    }

    /** What a good client is told of the members: their number, or why not. */
    private String members(String authKey) {
        try (Socket socket = connect()) {
            var reader = new RpcReader();
            say(socket, handshake());
            if (hear(socket, reader).isEmpty()) {
                return "turned away";
            }
            if (!authKey.isEmpty()) {
                say(socket, header("auth", 2).map(1).text("AuthKey").text(authKey));
                hear(socket, reader);
            }
            say(socket, header("members", 3));
            Optional<RpcFields> answer = hear(socket, reader);
            return answer.isPresent() && answer.get().number("Seq") == 3
                    ? answer.get().text("Error")
                    : "hung up";
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void awaitService(String authKey) {
        Await.until("a good client is served", SOON, () -> members(authKey), String::isEmpty);
    }

    @Test
    void clientsWithoutTheKeyDoNotKeepOthersOut() throws IOException {
        start(KEY);
        for (int i = 0; i < 32; i++) {
            say(connect(), handshake()); // and never the key
        }
        for (int i = 0; i < 4; i++) {
            Socket wrong = connect();
            say(wrong, handshake());
        }

        awaitService(KEY);
        assertThat(members("wrong")).contains("Authentication required");
    }

    @Test
    void aCrowdIsTurnedAwayAndToldOfInAFewLines() throws IOException {
        start("");
        for (int i = 0; i < 32; i++) {
            Socket socket = connect();
            say(socket, handshake());
            assertThat(hear(socket, new RpcReader())).isPresent();
        }
        for (int i = 0; i < 2_000; i++) {
            connect().close();
        }
        assertThat(members("")).isEqualTo("turned away");
        assertThat(said.list)
                .filteredOn(e -> e.getMessage().startsWith("Serf client refused"))
                .hasSizeBetween(1, 12);

        for (Socket socket : sockets) {
            socket.close();
        }
        awaitService("");
    }

    @Test
    void whoAsksWithoutReadingIsDisconnectedAndWhoDoesNotReadRecordsLosesThem() throws IOException {
        start("");
        Socket monitor = connect();
        monitor.setReceiveBufferSize(4_096);
        say(monitor, handshake());
        say(monitor, header("monitor", 2).map(1).text("LogLevel").text("DEBUG"));
        assertThat(hear(monitor, new RpcReader())).isPresent();
        assertThat(members("")).isEmpty();
        String line = "x".repeat(2_000);
        Await.until(
                "records are dropped",
                SOON,
                () -> {
                    for (int i = 0; i < 1_000; i++) {
                        log.reader.accept(new LogLine(LogLine.Level.INFO, line));
                    }
                    return said.list.toString();
                },
                text -> text.contains("does not keep up"));
        assertThat(members("")).isEmpty();

        Socket greedy = connect();
        say(greedy, handshake());
        byte[] request = header("stats", 5).toBytes().toArray();
        byte[] many = new byte[request.length * 1_000];
        for (int i = 0; i < many.length; i += request.length) {
            System.arraycopy(request, 0, many, i, request.length);
        }
        Thread asking = new Thread(() -> {
            try {
                while (true) {
                    greedy.getOutputStream().write(many);
                }
            } catch (IOException over) {
                assertThat(over).isNotNull();
            }
        });
        asking.start();
        for (int i = 0; i < 20; i++) {
            assertThat(members("")).as("while a greedy client asks").isEmpty();
        }
        greedy.close();
    }

    @Test
    void numbersOutOfRangeHalfClosedSocketsAndGarbageHarmNobody() throws IOException {
        start("");
        Socket half = connect();
        say(half, handshake());
        say(half, header("members", 2));
        half.shutdownOutput();
        var reader = new RpcReader();
        assertThat(hear(half, reader)).as("the handshake's answer").isPresent();
        assertThat(hear(half, reader)).as("the answer's header").isPresent();
        assertThat(hear(half, reader)).as("the members").isPresent();
        assertThat(hear(half, reader)).as("then it hangs up").isEmpty();

        Socket huge = connect();
        var heard = new RpcReader();
        say(huge, handshake());
        assertThat(hear(huge, heard)).isPresent();
        say(huge, header("members", Long.MAX_VALUE));
        assertThat(hear(huge, heard).orElseThrow().number("Seq")).isEqualTo(Long.MAX_VALUE);
        assertThat(hear(huge, heard)).as("the members").isPresent();
        byte[] beyond = header("members", Long.MAX_VALUE).toBytes().toArray();
        for (int i = beyond.length - 8; i < beyond.length; i++) {
            beyond[i] = (byte) 0xff; // 2^64 - 1
        }
        huge.getOutputStream().write(beyond);
        assertThat(hear(huge, heard)).isEmpty();

        var dice = new SplittableRandom(7373);
        for (int i = 0; i < 1_000; i++) {
            byte[] garbage = new byte[1 + dice.nextInt(400)];
            dice.nextBytes(garbage);
            try (Socket socket = connect()) {
                if (i % 2 == 0) {
                    say(socket, handshake());
                }
                socket.getOutputStream().write(garbage);
            } catch (java.net.SocketException closedAlready) {
                assertThat(closedAlready).isNotNull();
            }
        }
        awaitService("");
    }
}
