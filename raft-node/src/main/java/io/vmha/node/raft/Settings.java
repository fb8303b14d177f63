package io.vmha.node.raft;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** Our choice of Ratis' many settings, for a small, mostly idle group on busy hypervisors. */
final class Settings {
    /** Far above an entry, far below what one frame may carry. */
    private static final SizeInBytes APPENDER_BUFFER = SizeInBytes.valueOf("1MB");
    /** Ratis refuses less than the appender's limit plus 1 MB. */
    private static final SizeInBytes MESSAGE_MAX = SizeInBytes.valueOf("4MB");
    /** How long a server remembers the reply to a request, so that a retry is not applied twice. */
    static final Duration RETRY_CACHE = Duration.ofSeconds(60);

    private Settings() {}

    static RaftProperties properties(RaftConfig config, NodeStore store) {
        RaftProperties p = new RaftProperties();
        timeouts(p, config.electionTimeout());
        log(p);
        RaftServerConfigKeys.setStorageDir(p, List.of(store.groupsDir().toFile()));
        RaftServerConfigKeys.setRemovedGroupsDir(p, store.removedDir().toFile());
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(p, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(p, config.snapshotEntries());
        RaftServerConfigKeys.Snapshot.setTriggerWhenStopEnabled(p, false); // a stop must be quick, the log is there
        RaftServerConfigKeys.Snapshot.setTriggerWhenRemoveEnabled(p, false);
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(p, 2); // one may be on its way to a newcomer
        RaftServerConfigKeys.Read.setOption(p, RaftServerConfigKeys.Read.Option.LINEARIZABLE);
        RaftServerConfigKeys.Read.setLeaderLeaseEnabled(p, false); // a paused leader's lease is a lie
        RaftServerConfigKeys.Read.setTimeout(p, seconds(5));
        RaftServerConfigKeys.RetryCache.setExpiryTime(p, millis(RETRY_CACHE.toMillis()));
        grpc(p, config);
        return p;
    }

    /** Hooks of the gRPC server: the gate, its threads, and TLS if configured. */
    static Parameters parameters(Gate gate, Executor threads, Optional<TlsMaterial> tls) {
        Parameters parameters = new Parameters();
        Optional<Turnstile> turnstile = tls.map(material -> new Turnstile(material.serverContext()));
        GrpcConfigKeys.Server.setServicesCustomizer(parameters, (builder, types) -> {
            turnstile.ifPresent(
                    its -> builder.protocolNegotiator(its)); // no method handle: it would need the hidden type
            return builder.intercept(gate).executor(threads);
        });
        tls.ifPresent(material -> {
            GrpcTlsConfig conf = material.ratisConfig();
            GrpcConfigKeys.TLS.setConf(parameters, conf);
            GrpcConfigKeys.Server.setTlsConf(parameters, conf);
            GrpcConfigKeys.Client.setTlsConf(parameters, conf);
            GrpcConfigKeys.Admin.setTlsConf(parameters, conf);
        });
        return parameters;
    }

    private static void timeouts(RaftProperties p, Duration election) {
        TimeDuration min = millis(election.toMillis());
        TimeDuration max = millis(2 * election.toMillis());
        RaftServerConfigKeys.Rpc.setTimeoutMin(p, min);
        RaftServerConfigKeys.Rpc.setTimeoutMax(p, max);
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(p, min);
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(p, max);
        RaftServerConfigKeys.Rpc.setRequestTimeout(p, seconds(3)); // Ozone OM
        RaftServerConfigKeys.Rpc.setSlownessTimeout(p, seconds(120));
        RaftServerConfigKeys.LeaderElection.setPreVote(p, true);
        RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(p, seconds(3));
        RaftServerConfigKeys.LeaderElection.setMemberMajorityAdd(p, false); // RATIS-1912
        RaftServerConfigKeys.setCloseThreshold(p, seconds(300));
        RaftServerConfigKeys.setSleepDeviationThreshold(p, seconds(1));
        RaftServerConfigKeys.setStagingTimeout(p, seconds(30));
        RaftServerConfigKeys.setStagingCatchupGap(p, 100);
        RaftClientConfigKeys.Rpc.setRequestTimeout(p, seconds(3));
        // Ratis would try a dead voter every 5 s only: back again, it would wait so long for its leader
        RaftServerConfigKeys.Log.Appender.setRetryPolicy(p, "10ms,10, 250ms,20, 500ms,1000000");
    }

    private static void log(RaftProperties p) {
        SizeInBytes four = SizeInBytes.valueOf("4MB");
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(p, true);
        RaftServerConfigKeys.Log.setPurgePreservationLogNum(p, 1000);
        RaftServerConfigKeys.Log.setPurgeGap(p, 1024);
        RaftServerConfigKeys.Log.setSegmentSizeMax(p, four);
        RaftServerConfigKeys.Log.setPreallocatedSize(p, SizeInBytes.valueOf("1MB"));
        RaftServerConfigKeys.Log.setWriteBufferSize(p, SizeInBytes.valueOf("1088KB")); // > appender limit + 8
        RaftServerConfigKeys.Log.setSegmentCacheNumMax(p, 2);
        RaftServerConfigKeys.Log.setSegmentCacheSizeMax(p, SizeInBytes.valueOf("8MB"));
        RaftServerConfigKeys.Log.setQueueByteLimit(p, four);
        RaftServerConfigKeys.Log.setUnsafeFlushEnabled(p, false);
        RaftServerConfigKeys.Log.setAsyncFlushEnabled(p, false);
        // anything but EXCEPTION drops committed entries without a word
        RaftServerConfigKeys.Log.setCorruptionPolicy(p, RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION);
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(p, APPENDER_BUFFER);
        RaftServerConfigKeys.Log.Appender.setSnapshotChunkSizeMax(p, APPENDER_BUFFER);
        RaftServerConfigKeys.Log.Appender.setInstallSnapshotEnabled(p, true);
        RaftServerConfigKeys.Write.setByteLimit(p, four);
        RaftServerConfigKeys.Write.setElementLimit(p, 1024);
    }

    private static void grpc(RaftProperties p, RaftConfig config) {
        String host = config.address().getAddress().getHostAddress();
        int port = config.address().getPort();
        GrpcConfigKeys.Server.setHost(p, host);
        GrpcConfigKeys.Server.setPort(p, port);
        GrpcConfigKeys.Client.setPort(p, port);
        GrpcConfigKeys.Admin.setPort(p, port);
        GrpcConfigKeys.setMessageSizeMax(p, MESSAGE_MAX);
        GrpcConfigKeys.setFlowControlWindow(p, SizeInBytes.ONE_MB);
        GrpcConfigKeys.Server.setBossGroupSize(p, 1);
        GrpcConfigKeys.Server.setWorkerGroupSize(p, 2);
        GrpcConfigKeys.Client.setWorkerGroupSize(p, 2);
        GrpcConfigKeys.Server.setAsyncRequestThreadPoolCached(p, true);
        GrpcConfigKeys.Server.setAsyncRequestThreadPoolSize(p, 8);
        RaftServerConfigKeys.ThreadPool.setProxyCached(p, true);
        RaftServerConfigKeys.ThreadPool.setProxySize(p, 4);
        RaftServerConfigKeys.ThreadPool.setServerCached(p, true);
        RaftServerConfigKeys.ThreadPool.setServerSize(p, 16);
        RaftServerConfigKeys.ThreadPool.setClientCached(p, true);
        RaftServerConfigKeys.ThreadPool.setClientSize(p, 16);
    }

    private static TimeDuration seconds(long seconds) {
        return TimeDuration.valueOf(seconds, TimeUnit.SECONDS);
    }

    private static TimeDuration millis(long millis) {
        return TimeDuration.valueOf(millis, TimeUnit.MILLISECONDS);
    }
}
