package io.vmha.gossip.rpc;

import io.vmha.gossip.wire.Bytes;

/** What a session does to its connection. */
public interface RpcOutbox {
    /** Sends the answer to a request. A client that does not read its answers is disconnected. */
    void reply(Bytes content);

    /** Sends an event or a line of the log that the client subscribed to; dropped if the client does not keep up. */
    void record(Bytes content);

    /** Closes the connection once everything has been sent. */
    void close();
}
