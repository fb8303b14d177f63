package io.vmha.node.raft;

import io.vmha.node.raft.PeerLink.LinkException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.apache.ratis.proto.RaftProtos.RaftClientReplyProto;
import org.apache.ratis.proto.RaftProtos.RaftClientRequestProto;
import org.apache.ratis.proto.grpc.RaftClientProtocolServiceGrpc;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.io.grpc.ConnectivityState;
import org.apache.ratis.thirdparty.io.grpc.ManagedChannel;
import org.apache.ratis.thirdparty.io.grpc.stub.StreamObserver;

/**
 * Carries what is asked of one peer every second over one gRPC stream that stays open: a stream for each question costs both sides more than
 * the question. An answer that comes after its asker has gone still shows that the connection lives.
 *
 * <p>Ratis ends the stream with the first question that it cannot answer; the others fail with it, and the next question begins a new one. It
 * begins when the connection stands: what waits for that longer than {@link #UNSENT_MAX_NS} is never sent.
 */
final class QuestionStream {
    /** More than are asked within the longest limit of any of them. */
    private static final int OPEN_MAX = 32;
    /** What has waited longer for the connection is old news, and another question has followed it. */
    private static final long UNSENT_MAX_NS = TimeUnit.MILLISECONDS.toNanos(1_500);

    private final PeerInfo peer;
    private final Listener listener;
    private final Map<Key, Asked> open = new LinkedHashMap<>();
    private Answers answers;
    private ManagedChannel watched;
    private final AtomicInteger rounds = new AtomicInteger();
    /** Since when nothing has come though something was asked; 0 if that is not so. */
    private long silentSinceNs;

    /** What the link makes of it. */
    interface Listener {
        /** The peer has said something. */
        void onHeard();

        /** For so long something sent has waited, and nothing has come. */
        void onSilence(long nanos);

        /** What went wrong, in the words of the link. */
        LinkException explain(Throwable problem);
    }

    private record Key(ByteString client, long call) {}

    private static final class Asked {
        private final ManagedChannel channel;
        private final RaftClientRequestProto request;
        private final CompletableFuture<RaftClientReplyProto> reply = new CompletableFuture<>();
        private final long askedNs = System.nanoTime();
        private boolean sent;

        Asked(ManagedChannel channel, RaftClientRequestProto request) {
            this.channel = channel;
            this.request = request;
        }
    }

    QuestionStream(PeerInfo peer, Listener listener) {
        this.peer = peer;
        this.listener = listener;
    }

    /** Asks over this channel, at once or as soon as it is connected. */
    CompletableFuture<RaftClientReplyProto> ask(
            ManagedChannel channel, RaftClientRequestProto request, Duration limit) {
        var rpc = request.getRpcRequest();
        var key = new Key(rpc.getRequestorId(), rpc.getCallId());
        var asked = new Asked(channel, request);
        long silentNs;
        synchronized (this) {
            if (open.size() >= OPEN_MAX) {
                return CompletableFuture.failedFuture(new LinkException(
                        peer + ": " + open.size() + " questions wait for an answer", false, "", null));
            }
            silentNs = silentSinceNs == 0 ? 0 : System.nanoTime() - silentSinceNs;
            open.put(key, asked);
        }
        CompletableFuture<RaftClientReplyProto> reply = asked.reply
                .orTimeout(limit.toNanos(), TimeUnit.NANOSECONDS)
                .whenComplete((value, problem) -> drop(key));
        if (silentNs > 0) {
            listener.onSilence(silentNs);
        }
        sendWhenConnected(channel);
        return reply.handle((value, problem) -> {
            if (problem == null) {
                return value;
            }
            Throwable cause = GroupClient.unwrap(problem);
            throw cause instanceof LinkException known
                    ? known
                    : new LinkException(
                            peer + ": no answer within " + limit.toMillis() + " ms", isSent(asked), "", cause);
        });
    }

    private synchronized boolean isSent(Asked asked) {
        return asked.sent;
    }

    private synchronized void drop(Key key) {
        open.remove(key);
    }

    /** Sends what waits for this channel, or waits until it is connected or closed. */
    private void sendWhenConnected(ManagedChannel channel) {
        ConnectivityState state = channel.getState(true);
        if (state == ConnectivityState.READY) {
            sendAll(channel);
        } else if (state == ConnectivityState.SHUTDOWN) {
            fail(
                    asked -> asked.channel == channel,
                    new LinkException(peer + ": the connection was given up", false, "", null));
        } else {
            watch(channel, state);
        }
    }

    private void watch(ManagedChannel channel, ConnectivityState state) {
        synchronized (this) {
            if (watched == channel) {
                return;
            }
            watched = channel;
        }
        channel.notifyWhenStateChanged(state, () -> {
            synchronized (this) {
                if (watched == channel) {
                    watched = null;
                }
            }
            if (isAwaited(channel)) {
                sendWhenConnected(channel);
            }
        });
    }

    private synchronized boolean isAwaited(ManagedChannel channel) {
        return open.values().stream().anyMatch(asked -> asked.channel == channel && !asked.sent);
    }

    /** gRPC is never called with the lock held, for it may answer on the same thread; one thread at a time sends, so the stream has one user. */
    private void sendAll(ManagedChannel channel) {
        if (rounds.getAndIncrement() > 0) {
            return; // the one that sends takes another look
        }
        int done;
        do {
            done = rounds.get();
            for (Optional<Asked> next = next(channel); next.isPresent(); next = next(channel)) {
                send(next.get());
            }
        } while (rounds.addAndGet(-done) > 0);
    }

    private synchronized Optional<Asked> next(ManagedChannel channel) {
        Optional<Asked> next = open.values().stream()
                .filter(asked -> !asked.sent
                        && System.nanoTime() - asked.askedNs < UNSENT_MAX_NS
                        && (asked.channel == channel || asked.channel.getState(false) == ConnectivityState.READY))
                .findFirst();
        next.ifPresent(asked -> asked.sent = true);
        return next;
    }

    private void send(Asked asked) {
        Answers stream;
        boolean begins;
        synchronized (this) {
            if (silentSinceNs == 0) {
                silentSinceNs = System.nanoTime();
            }
            begins = answers == null || answers.channel != asked.channel;
            if (begins) {
                answers = new Answers(asked.channel);
            }
            stream = answers;
        }
        try {
            if (begins) {
                stream.requests =
                        RaftClientProtocolServiceGrpc.newStub(asked.channel).unordered(stream);
            }
            stream.requests.onNext(asked.request);
        } catch (RuntimeException e) {
            stream.onError(e); // the stream ended a moment ago
        }
    }

    private void fail(Predicate<Asked> which, LinkException problem) {
        List<Asked> failed;
        synchronized (this) {
            failed = open.values().stream().filter(which).toList();
        }
        failed.forEach(asked -> asked.reply.completeExceptionally(problem));
    }

    /** The answering half of one stream. */
    private final class Answers implements StreamObserver<RaftClientReplyProto> {
        private final ManagedChannel channel;
        private StreamObserver<RaftClientRequestProto> requests;

        Answers(ManagedChannel channel) {
            this.channel = channel;
        }

        @Override
        public void onNext(RaftClientReplyProto value) {
            listener.onHeard();
            var rpc = value.getRpcReply();
            Asked asked;
            synchronized (QuestionStream.this) {
                asked = open.remove(new Key(rpc.getRequestorId(), rpc.getCallId()));
                silentSinceNs = open.values().stream().anyMatch(a -> a.sent) ? System.nanoTime() : 0;
            }
            if (asked != null) {
                asked.reply.complete(value);
            }
        }

        @Override
        public void onError(Throwable problem) {
            synchronized (QuestionStream.this) {
                if (answers == this) {
                    answers = null;
                }
                silentSinceNs = 0;
            }
            fail(asked -> asked.channel == channel && asked.sent, listener.explain(problem));
        }

        @Override
        public void onCompleted() {
            onError(new LinkException(peer + " closed the stream", true, "", null));
        }
    }
}
