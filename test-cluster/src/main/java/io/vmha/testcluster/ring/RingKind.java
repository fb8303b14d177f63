package io.vmha.testcluster.ring;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Whose agents a ring consists of. */
enum RingKind {
    SERF("pure serf", Kind.SERF, Kind.SERF),
    OURS("pure ours", Kind.OURS, Kind.OURS),
    MIXED("mixed", Kind.OURS, Kind.SERF);

    private final String text;
    private final Kind even;
    private final Kind odd;

    RingKind(String text, Kind even, Kind odd) {
        this.text = text;
        this.even = even;
        this.odd = odd;
    }

    /** As tables name it. */
    String text() {
        return text;
    }

    /** The agents of a ring of this size, by turns. */
    List<Kind> agents(int size) {
        List<Kind> agents = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            agents.add(i % 2 == 0 ? even : odd);
        }
        return agents;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
