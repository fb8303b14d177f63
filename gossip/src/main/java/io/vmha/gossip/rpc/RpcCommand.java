package io.vmha.gossip.rpc;

import java.util.Optional;

/** What a client can ask for: the names of serf's ipc.go, and whether a body follows the header. */
enum RpcCommand {
    HANDSHAKE("handshake", true),
    AUTH("auth", true),
    EVENT("event", true),
    FORCE_LEAVE("force-leave", true),
    JOIN("join", true),
    MEMBERS("members", false),
    MEMBERS_FILTERED("members-filtered", true),
    STREAM("stream", true),
    MONITOR("monitor", true),
    STOP("stop", true),
    LEAVE("leave", false),
    INSTALL_KEY("install-key", true),
    USE_KEY("use-key", true),
    REMOVE_KEY("remove-key", true),
    LIST_KEYS("list-keys", false),
    TAGS("tags", true),
    QUERY("query", true),
    RESPOND("respond", true),
    STATS("stats", false),
    GET_COORDINATE("get-coordinate", true);

    private final String text;
    private final boolean body;

    RpcCommand(String text, boolean body) {
        this.text = text;
        this.body = body;
    }

    boolean hasBody() {
        return body;
    }

    static Optional<RpcCommand> of(String text) {
        for (RpcCommand command : values()) {
            if (command.text.equals(text)) {
                return Optional.of(command);
            }
        }
        return Optional.empty();
    }
}
