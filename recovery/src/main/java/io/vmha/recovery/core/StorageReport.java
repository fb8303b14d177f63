package io.vmha.recovery.core;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a host's agent found out about the storage under its instances (S10). Every agent writes a nonce into a file there and reads the
 * files of the others; it makes a new nonce whenever its own file is not as it left it, so that a nonce stands for one storage.
 *
 * @param place what the instances lie on: {@code file:} and the path, or an image backend such as {@code rbd:} with cluster and pool
 * @param nonce what this host has written there; empty if it could not, or if the backend needs none
 * @param seen the nonces of other hosts that it has read there
 * @param trouble why nothing could be found out; empty if it could
 */
public record StorageReport(String place, String nonce, SortedMap<HostName, String> seen, String trouble) {
    /** Hosts of one AZ, with room to spare: the report comes from a file system that anybody may have written to. */
    public static final int SEEN_MAX = 1_000;

    private static final int LENGTH_MAX = 300;

    public StorageReport {
        if (place.length() > LENGTH_MAX || nonce.length() > LENGTH_MAX || trouble.length() > LENGTH_MAX) {
            throw new IllegalArgumentException("a storage report's texts have at most " + LENGTH_MAX + " characters");
        }
        if (seen.size() > SEEN_MAX) {
            throw new IllegalArgumentException(
                    "a storage report names " + seen.size() + " hosts, more than " + SEEN_MAX);
        }
        seen = Collections.unmodifiableSortedMap(new TreeMap<>(seen));
    }

    /** True if the backend itself is shared by everybody who uses it: no file has to prove it. */
    boolean isBackend() {
        return !place.startsWith("file:");
    }
}
