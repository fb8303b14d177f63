package io.vmha.testcluster.bench;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Three servers in processes of their own that agree by Raft, as a client of them sees it; vmha's or etcd's. */
interface ServerGroup extends AutoCloseable {
    /** The number of servers of either kind. */
    int SERVERS = 3;

    String name();

    /** Starts all servers and returns when one leads. */
    void start();

    /** Writes one key and completes when that is committed, however many attempts it takes. */
    CompletableFuture<Void> put(String key, byte[] value);

    /** Which server leads; waits until one does. */
    int leader();

    /** Leaderships since the start. */
    int elections();

    ProcessHandle process(int server);

    /** Starts a server that was killed; returns when it runs and has caught up. */
    void restart(int server);

    default List<ProcessHandle> processes() {
        return List.of(process(0), process(1), process(2));
    }

    @Override
    void close();
}
