package io.vmha.gossip.wire;

import java.util.Optional;

/** The first byte of a message or layer. */
enum MessageType {
    PING(0),
    INDIRECT_PING(1),
    ACK(2),
    SUSPECT(3),
    ALIVE(4),
    DEAD(5),
    PUSH_PULL(6),
    COMPOUND(7),
    USER(8),
    COMPRESS(9),
    ENCRYPT(10),
    NACK(11),
    HAS_CRC(12),
    ERROR(13),
    LABEL(244);

    private static final MessageType[] BY_CODE = byCode();

    private final int code;

    MessageType(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    static Optional<MessageType> of(int code) {
        return Optional.ofNullable(BY_CODE[code]);
    }

    private static MessageType[] byCode() {
        MessageType[] table = new MessageType[256];
        for (MessageType type : values()) {
            table[type.code] = type;
        }
        return table;
    }
}
