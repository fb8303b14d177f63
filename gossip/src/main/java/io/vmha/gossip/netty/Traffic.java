package io.vmha.gossip.netty;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what passes the sockets. Owned by the gossip thread. */
final class Traffic {
    private static final Logger LOG = LoggerFactory.getLogger(Traffic.class);

    long packetsIn;
    long packetsOut;
    long bytesIn;
    long bytesOut;
    long sendErrors;
    long streamsIn;
    long streamsOut;
    long streamErrors;
    long internalErrors;
    private long decodeErrors;

    long decodeErrors() {
        return decodeErrors;
    }

    /** Logs the first one and then ever more rarely: a hostile sender must not fill the disk. */
    void undecodable(Object from, String problem) {
        decodeErrors++;
        if (Long.bitCount(decodeErrors) == 1) {
            LOG.warn("gossip input dropped from={} dropped_so_far={} reason={}", from, decodeErrors, problem);
        } else {
            LOG.debug("gossip input dropped from={} reason={}", from, problem);
        }
    }

    void internalError(RuntimeException defect) {
        internalErrors++;
        if (Long.bitCount(internalErrors) == 1) {
            LOG.error("gossip input failed and was dropped failures_so_far={}", internalErrors, defect);
        }
    }
}
