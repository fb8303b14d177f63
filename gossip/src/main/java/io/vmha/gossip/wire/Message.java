package io.vmha.gossip.wire;

import java.util.List;

/** A memberlist message, sent in a datagram or, for some, over a stream. */
public sealed interface Message {
    /** Calls the method of the listener that handles this kind of message. */
    void deliverTo(MessageListener listener);

    /**
     * Where the reply to a ping is wanted: the asker's own idea of its address, or nothing, then it is where the datagram came from.
     */
    record Source(NodeAddress address, String node) {
        public static final Source NONE = new Source(NodeAddress.NONE, "");
    }

    /**
     * "Are you there?"
     *
     * @param node who is meant; empty means whoever listens there
     */
    record Ping(long sequence, String node, Source source) implements Message {
        @Override
        public void deliverTo(MessageListener listener) {
            listener.onPing(this);
        }
    }

    /**
     * "Ping this node for me."
     *
     * @param wantsNack the asker wants to hear that no answer came
     */
    record IndirectPing(long sequence, NodeAddress target, String node, boolean wantsNack, Source source)
            implements Message {
        @Override
        public void deliverTo(MessageListener listener) {
            listener.onIndirectPing(this);
        }
    }

    /** The answer to a ping; Serf puts its network coordinate into the payload. */
    record Ack(long sequence, Bytes payload) implements Message {
        @Override
        public void deliverTo(MessageListener listener) {
            listener.onAck(this);
        }
    }

    /** "I asked for you, but it did not answer me either." */
    record Nack(long sequence) implements Message {
        @Override
        public void deliverTo(MessageListener listener) {
            listener.onNack(this);
        }
    }

    /** {@code from} could not reach {@code node}. */
    record Suspect(String node, long incarnation, String from) implements Message {
        @Override
        public void deliverTo(MessageListener listener) {
            listener.onSuspect(this);
        }
    }

    /** A node is alive, with its address and metadata. */
    record Alive(NodeState told) implements Message {
        public Alive {
            if (told.state() != LifeState.ALIVE) {
                throw new IllegalArgumentException(told + " must be alive to be told of as alive");
            }
        }

        public Alive(String node, long incarnation, NodeAddress address, Bytes meta, Vsn vsn) {
            this(new NodeState(node, incarnation, address, LifeState.ALIVE, meta, vsn));
        }

        public String node() {
            return told.name();
        }

        public long incarnation() {
            return told.incarnation();
        }

        public NodeAddress address() {
            return told.address();
        }

        public Bytes meta() {
            return told.meta();
        }

        public Vsn vsn() {
            return told.vsn();
        }

        @Override
        public void deliverTo(MessageListener listener) {
            listener.onAlive(this);
        }
    }

    /** {@code from} declares {@code node} dead; a node that says it of itself leaves on purpose. */
    record Dead(String node, long incarnation, String from) implements Message {
        public boolean isLeave() {
            return node.equals(from);
        }

        @Override
        public void deliverTo(MessageListener listener) {
            listener.onDead(this);
        }
    }

    /** A message of the layer above, opaque here. */
    record User(Bytes body) implements Message {
        @Override
        public void deliverTo(MessageListener listener) {
            listener.onUser(this);
        }
    }

    /**
     * The whole view of a node, exchanged over a stream.
     *
     * @param join the exchange is part of joining a cluster
     * @param userState state of the layer above
     */
    record PushPull(boolean join, List<NodeState> nodes, Bytes userState) implements Message {
        public PushPull {
            nodes = List.copyOf(nodes);
        }

        @Override
        public void deliverTo(MessageListener listener) {
            listener.onPushPull(this);
        }
    }

    /** The peer could not read what we sent over a stream. */
    record ErrorReply(String text) implements Message {
        @Override
        public void deliverTo(MessageListener listener) {
            listener.onErrorReply(this);
        }
    }
}
