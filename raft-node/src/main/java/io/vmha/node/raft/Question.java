package io.vmha.node.raft;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The frames of {@code ask}: a question put to one named server, and the answer to {@link Kind#STANDING}. */
final class Question {
    /** What is asked. */
    enum Kind {
        /** Who leads, and how far are you: answered by the node itself. */
        STANDING(0),
        /** Anything else: answered by {@link Replicated#peerQuery}. */
        MACHINE(1),
        /** What have you heard of your leader: answered by the node itself. */
        HEARING(2),
        /** What is your state at the index you have applied: answered by the node itself. */
        DIGEST(3);

        private final int code;

        Kind(int code) {
            this.code = code;
        }
    }

    private Question() {}

    /** A question with its addressee, so that a server under a new identity does not answer for its former one. */
    static final class Frame {
        private final Kind kind;
        private final PeerId to;
        private final byte[] body;

        Frame(Kind kind, PeerId to, byte[] body) {
            this.kind = kind;
            this.to = to;
            this.body = body;
        }

        Kind kind() {
            return kind;
        }

        PeerId to() {
            return to;
        }

        byte[] body() {
            return body;
        }
    }

    /** A server's word about itself and its leader. */
    record Standing(boolean leaderReady, long term, Optional<PeerInfo> leader, LogPosition applied, VoterSet voters) {}

    static byte[] encode(Frame frame) {
        return bytes(out -> {
            out.writeByte(frame.kind.code);
            out.writeUTF(frame.to.value());
            out.write(frame.body);
        });
    }

    /** @throws IllegalArgumentException if the bytes are no frame */
    static Frame decode(byte[] bytes) {
        return parse(bytes, in -> {
            int code = in.readUnsignedByte();
            Kind kind = Arrays.stream(Kind.values())
                    .filter(k -> k.code == code)
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("unknown kind of question " + code));
            return new Frame(kind, new PeerId(in.readUTF()), in.readAllBytes());
        });
    }

    static byte[] encode(Standing standing) {
        return bytes(out -> {
            out.writeBoolean(standing.leaderReady());
            out.writeLong(standing.term());
            writePeers(out, standing.leader().map(List::of).orElse(List.of()));
            writePosition(out, standing.applied());
            write(out, standing.voters());
        });
    }

    /** @throws IllegalArgumentException if the bytes are no standing */
    static Standing decodeStanding(byte[] bytes) {
        return parse(bytes, in -> {
            boolean ready = in.readBoolean();
            long term = in.readLong();
            Optional<PeerInfo> leader = readPeers(in).stream().findFirst();
            LogPosition applied = new LogPosition(in.readLong(), in.readLong());
            return new Standing(ready, term, leader, applied, readVoters(in));
        });
    }

    static byte[] encode(Hearing hearing) {
        return bytes(out -> {
            out.writeUTF(hearing.voter().value());
            out.writeBoolean(hearing.leads());
            out.writeLong(hearing.term());
            out.writeUTF(hearing.leader().map(PeerId::value).orElse(""));
            out.writeLong(hearing.silentMs());
            out.writeBoolean(hearing.refused());
            writePosition(out, hearing.last());
        });
    }

    /** @throws IllegalArgumentException if the bytes are no hearing */
    static Hearing decodeHearing(byte[] bytes) {
        return parse(
                bytes,
                in -> new Hearing(
                        new PeerId(in.readUTF()),
                        in.readBoolean(),
                        in.readLong(),
                        Optional.of(in.readUTF()).filter(l -> !l.isEmpty()).map(PeerId::new),
                        in.readLong(),
                        in.readBoolean(),
                        new LogPosition(in.readLong(), in.readLong())));
    }

    static byte[] encode(StateDigest digest) {
        return bytes(out -> {
            writePosition(out, digest.applied());
            out.writeUTF(digest.sha256());
        });
    }

    /** @throws IllegalArgumentException if the bytes are no digest */
    static StateDigest decodeDigest(byte[] bytes) {
        return parse(bytes, in -> new StateDigest(new LogPosition(in.readLong(), in.readLong()), in.readUTF()));
    }

    static void write(DataOutputStream out, VoterSet voters) throws IOException {
        writePeers(out, voters.voters());
        writePeers(out, voters.outgoing());
        out.writeLong(voters.index());
    }

    static VoterSet readVoters(DataInputStream in) throws IOException {
        return new VoterSet(readPeers(in), readPeers(in), in.readLong());
    }

    private static void writePosition(DataOutputStream out, LogPosition at) throws IOException {
        out.writeLong(at.term());
        out.writeLong(at.index());
    }

    private static void writePeers(DataOutputStream out, List<PeerInfo> peers) throws IOException {
        out.writeByte(peers.size());
        for (PeerInfo peer : peers) {
            out.writeUTF(peer.id().value());
            out.writeUTF(peer.hostAndPort());
        }
    }

    private static List<PeerInfo> readPeers(DataInputStream in) throws IOException {
        int count = in.readUnsignedByte();
        if (count > VoterSet.VOTERS_MAX) {
            throw new IllegalArgumentException("at most " + VoterSet.VOTERS_MAX + " peers but there are " + count);
        }
        List<PeerInfo> peers = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            peers.add(PeerInfo.parse(in.readUTF(), in.readUTF()));
        }
        return peers;
    }

    /** A reader that may meet the end too early. */
    interface Reader<T> {
        T read(DataInputStream in) throws IOException;
    }

    /** A writer into memory. */
    interface Writer {
        void write(DataOutputStream out) throws IOException;
    }

    static <T> T parse(byte[] bytes, Reader<T> reader) {
        try {
            return reader.read(new DataInputStream(new ByteArrayInputStream(bytes)));
        } catch (IOException e) {
            throw new IllegalArgumentException("malformed message of " + bytes.length + " bytes: " + e, e);
        }
    }

    static byte[] bytes(Writer writer) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            writer.write(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return bytes.toByteArray();
    }
}
