package io.vmha.testcluster.bench;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Three servers of Debian's etcd with its default timings (heartbeat 100 ms, election 1000 ms), and a client that tries the next one on failure. */
final class EtcdGroup implements ServerGroup {
    private static final Marshaller BYTES = new Marshaller();
    private static final MethodDescriptor<byte[], byte[]> PUT = method("etcdserverpb.KV/Put");
    private static final MethodDescriptor<byte[], byte[]> STATUS = method("etcdserverpb.Maintenance/Status");
    private static final long ATTEMPT_MS = 1_000;
    private static final long WRITE_LIMIT_MS = 29_000;

    private final Path directory;
    private final String net;
    private final List<Child> children = new ArrayList<>();
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final TreeSet<Long> terms = new TreeSet<>();
    private final AtomicInteger turn = new AtomicInteger();
    private final ExecutorService threads = Executors.newCachedThreadPool(runnable -> {
        Thread thread = new Thread(runnable, "etcd-client");
        thread.setDaemon(true);
        return thread;
    });

    EtcdGroup(Path directory, String net) {
        this.directory = directory;
        this.net = net;
    }

    @Override
    public String name() {
        return "etcd";
    }

    @Override
    public void start() {
        for (int i = 0; i < SERVERS; i++) {
            children.add(child(i));
            channels.add(NettyChannelBuilder.forAddress(new InetSocketAddress(net + "." + (i + 1), 2379))
                    .usePlaintext()
                    .build());
        }
        leader();
    }

    private Child child(int server) {
        String address = net + "." + (server + 1);
        List<String> command = List.of(
                "etcd",
                "--name=e" + server,
                "--data-dir=" + directory.resolve("e" + server),
                "--listen-peer-urls=http://" + address + ":2380",
                "--initial-advertise-peer-urls=http://" + address + ":2380",
                "--listen-client-urls=http://" + address + ":2379",
                "--advertise-client-urls=http://" + address + ":2379",
                "--initial-cluster=e0=http://" + net + ".1:2380,e1=http://" + net + ".2:2380,e2=http://" + net
                        + ".3:2380");
        try {
            return Child.start(command, directory.resolve("e" + server + ".log"));
        } catch (IOException e) {
            throw new UncheckedIOException("etcd cannot be started; apt-get install etcd-server", e);
        }
    }

    @Override
    public CompletableFuture<Void> put(String key, byte[] value) {
        byte[] request = message(out -> {
            out.writeBytes(1, ByteString.copyFrom(key, StandardCharsets.UTF_8));
            out.writeBytes(2, ByteString.copyFrom(value));
        });
        return CompletableFuture.runAsync(() -> put(request), threads);
    }

    private void put(byte[] request) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WRITE_LIMIT_MS);
        while (true) {
            int server = turn.get();
            try {
                call(server, PUT, request);
                return;
            } catch (StatusRuntimeException e) {
                turn.compareAndSet(server, (server + 1) % SERVERS);
                if (System.nanoTime() > until) {
                    throw e;
                }
                Await.pause(10);
            }
        }
    }

    private byte[] call(int server, MethodDescriptor<byte[], byte[]> method, byte[] request) {
        ManagedChannel channel = channels.get(server);
        if (channel.getState(false) == io.grpc.ConnectivityState.TRANSIENT_FAILURE) {
            channel.resetConnectBackoff();
        }
        return ClientCalls.blockingUnaryCall(
                channel, method, CallOptions.DEFAULT.withDeadlineAfter(ATTEMPT_MS, TimeUnit.MILLISECONDS), request);
    }

    @Override
    public int leader() {
        return Await.that("etcd to have a leader", Duration.ofSeconds(60), () -> {
            for (int i = 0; i < SERVERS; i++) {
                Optional<Status> status = children.get(i).isAlive() ? status(i) : Optional.empty();
                if (status.isPresent()
                        && status.get().leader() == status.get().member()
                        && status.get().leader() != 0) {
                    terms.add(status.get().term());
                    return Optional.of(i);
                }
            }
            return Optional.empty();
        });
    }

    /** Fields of StatusResponse and its header, by their numbers in etcd's rpc.proto. */
    private record Status(long member, long leader, long term) {}

    private Optional<Status> status(int server) {
        try {
            CodedInputStream in = CodedInputStream.newInstance(call(server, STATUS, new byte[0]));
            long member = 0;
            long leader = 0;
            long term = 0;
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                switch (tag >>> 3) {
                    case 1 -> {
                        CodedInputStream header = in.readBytes().newCodedInput();
                        for (int t = header.readTag(); t != 0; t = header.readTag()) {
                            if (t >>> 3 == 2) {
                                member = header.readUInt64();
                            } else {
                                header.skipField(t);
                            }
                        }
                    }
                    case 4 -> leader = in.readUInt64();
                    case 6 -> term = in.readUInt64();
                    default -> in.skipField(tag);
                }
            }
            return Optional.of(new Status(member, leader, term));
        } catch (IOException | StatusRuntimeException e) {
            return Optional.empty();
        }
    }

    @Override
    public int elections() {
        leader();
        return (int) (terms.last() - terms.first());
    }

    @Override
    public ProcessHandle process(int server) {
        return children.get(server).handle();
    }

    @Override
    public void restart(int server) {
        children.set(server, child(server));
        Await.that(
                "etcd " + server + " to answer",
                Duration.ofSeconds(60),
                () -> status(server).filter(s -> s.leader() != 0));
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
        threads.shutdownNow();
        children.forEach(Child::end);
    }

    private interface Fields {
        void write(CodedOutputStream out) throws IOException;
    }

    private static byte[] message(Fields fields) {
        ByteString.Output bytes = ByteString.newOutput();
        try {
            CodedOutputStream out = CodedOutputStream.newInstance(bytes);
            fields.write(out);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return bytes.toByteString().toByteArray();
    }

    private static MethodDescriptor<byte[], byte[]> method(String name) {
        return MethodDescriptor.newBuilder(BYTES, BYTES)
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(name)
                .build();
    }

    /** Messages are encoded by hand: two of them do not need etcd's .proto files. */
    private static final class Marshaller implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException("reading from memory", e);
            }
        }
    }
}
