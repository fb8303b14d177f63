package io.vmha.sim.recovery;

import io.vmha.recovery.core.HostName;
import java.util.SortedSet;
import java.util.TreeSet;

/** Which host's packets reach whom. Cuts may go one way only; the API and the BMCs have networks of their own. */
final class Network {
    private record Path(HostName from, HostName to) implements Comparable<Path> {
        @Override
        public int compareTo(Path other) {
            int byFrom = from.compareTo(other.from);
            return byFrom != 0 ? byFrom : to.compareTo(other.to);
        }
    }

    private final SortedSet<Path> cut = new TreeSet<>();
    private final SortedSet<HostName> withoutApi = new TreeSet<>();
    private final SortedSet<HostName> withoutBmcs = new TreeSet<>();

    void cut(HostName from, HostName to) {
        cut.add(new Path(from, to));
    }

    void cutFromApi(HostName host) {
        withoutApi.add(host);
    }

    void cutFromBmcs(HostName host) {
        withoutBmcs.add(host);
    }

    void healPaths() {
        cut.clear();
    }

    void heal() {
        cut.clear();
        withoutApi.clear();
        withoutBmcs.clear();
    }

    boolean reaches(HostName from, HostName to) {
        return cut.isEmpty() || !cut.contains(new Path(from, to));
    }

    /** A request and its answer get through. */
    boolean connects(HostName one, HostName other) {
        return reaches(one, other) && reaches(other, one);
    }

    boolean reachesApi(HostName host) {
        return !withoutApi.contains(host);
    }

    boolean reachesBmcs(HostName host) {
        return !withoutBmcs.contains(host);
    }
}
