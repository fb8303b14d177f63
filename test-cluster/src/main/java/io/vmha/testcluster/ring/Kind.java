package io.vmha.testcluster.ring;

import java.util.Locale;

/** Whose program an agent is. */
enum Kind {
    OURS,
    SERF;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
