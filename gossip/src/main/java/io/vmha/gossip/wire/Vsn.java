package io.vmha.gossip.wire;

/**
 * The protocol versions a node publishes: memberlist minimum, maximum, current, then the same of Serf. Peers may send none or fewer
 * than six; what is missing counts as 0.
 *
 * @param raw as received
 */
public record Vsn(Bytes raw) {
    /** What we speak: memberlist 1 to 5 with 2 current (as every Serf), Serf 2 to 5 with 5 current (as {@code serf agent}). */
    public static final Vsn OURS = new Vsn(Bytes.hex("010502020505"));

    public static final Vsn NONE = new Vsn(Bytes.EMPTY);

    private static final int BYTES_MAX = 16;

    public Vsn {
        if (raw.length() > BYTES_MAX) {
            throw new WireFormatException("Vsn must have 6 bytes but has " + raw.length());
        }
    }

    /** The versions in these bytes; one object for what nearly everybody says. */
    public static Vsn of(Bytes raw) {
        return raw.equals(OURS.raw) ? OURS : new Vsn(raw);
    }

    public int protocolMin() {
        return at(0);
    }

    public int protocolMax() {
        return at(1);
    }

    public int protocolCurrent() {
        return at(2);
    }

    public int delegateMin() {
        return at(3);
    }

    public int delegateMax() {
        return at(4);
    }

    public int delegateCurrent() {
        return at(5);
    }

    /** memberlist state.go, aliveNode: such a message is dropped. */
    public boolean isContradictory() {
        return raw.length() >= 3 && (protocolMin() == 0 || protocolMax() == 0 || protocolMin() > protocolMax());
    }

    private int at(int index) {
        return index < raw.length() ? raw.at(index) : 0;
    }
}
