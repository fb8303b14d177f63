package io.vmha.testcluster.cloud;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The newest requests that the cloud was asked, for checkers that must not trust the daemon's own report. Safe for all threads. */
public final class RequestLog {
    /** How many requests are kept; older ones are counted only. */
    public static final int KEPT_MAX = 20_000;

    private static final int BODY_CHARS_MAX = 4096;

    /**
     * One request and its answer.
     *
     * @param sequence 1 for the first request of this cloud
     * @param atMs when it arrived, in milliseconds since the epoch of 1970, on a clock that is never set back
     * @param path with the query
     * @param status the answer's; 0 if the connection was closed without an answer
     * @param body at most 4096 characters; of a request for a token only a remark
     * @param committed false if a fault kept it from the service, so that it had no effect
     * @param tookMs until the answer was given
     * @param microversion as asked; empty where none was
     */
    public record Entry(
            long sequence,
            long atMs,
            String method,
            int status,
            String path,
            long tookMs,
            String body,
            boolean committed,
            String microversion) {}

    private final Deque<Entry> entries = new ArrayDeque<>();
    private long sequence;

    synchronized void add(
            long atMs,
            String method,
            int status,
            String path,
            long tookMs,
            String body,
            boolean committed,
            String version) {
        sequence++;
        String kept = body.length() <= BODY_CHARS_MAX ? body : body.substring(0, BODY_CHARS_MAX);
        entries.addLast(new Entry(sequence, atMs, method, status, path, tookMs, kept, committed, version));
        if (entries.size() > KEPT_MAX) {
            entries.removeFirst();
        }
    }

    /** All that are kept, in the order of their answers. */
    public synchronized List<Entry> all() {
        return List.copyOf(entries);
    }

    /** Those that came after the given sequence number. */
    public synchronized List<Entry> since(long after) {
        return entries.stream().filter(entry -> entry.sequence() > after).toList();
    }

    /** How many were forgotten because the log was full. */
    public synchronized long forgotten() {
        return sequence - entries.size();
    }

    /** The evacuate calls that reached Nova, whatever they were answered. */
    public List<Entry> evacuateCalls() {
        return all().stream()
                .filter(entry -> entry.committed()
                        && entry.method().equals("POST")
                        && entry.path().endsWith("/action")
                        && entry.body().contains("\"evacuate\""))
                .toList();
    }
}
