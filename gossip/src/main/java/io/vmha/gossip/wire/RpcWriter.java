package io.vmha.gossip.wire;

import java.util.SortedMap;

/**
 * Writes the values of Serf's RPC. Unlike gossip it speaks the present msgpack specification: text has a form for 32 to 255 bytes, and
 * bytes are told apart from text.
 */
public final class RpcWriter {
    private final MsgpackWriter output = new MsgpackWriter();

    /** Begins a map; its keys and values follow. */
    public RpcWriter map(int size) {
        output.mapHeader(size);
        return this;
    }

    /** Begins a list; its elements follow. */
    public RpcWriter list(int size) {
        output.listHeader(size);
        return this;
    }

    public RpcWriter text(String value) {
        Bytes content = Bytes.utf8(value);
        if (content.length() >= 32 && content.length() <= 0xff) {
            output.octet(0xd9).octet(content.length()).verbatim(content);
        } else {
            output.raw(content);
        }
        return this;
    }

    /** Bytes; none at all are nil, as a Go slice that was never set. */
    public RpcWriter binary(Bytes value) {
        int length = value.length();
        if (length == 0) {
            output.nil();
        } else if (length <= 0xff) {
            output.octet(0xc4).octet(length).verbatim(value);
        } else if (length <= 0xffff) {
            output.octet(0xc5).octet(length >>> 8).octet(length).verbatim(value);
        } else {
            throw new IllegalArgumentException("bytes in an RPC value must be at most 65535 but are " + length);
        }
        return this;
    }

    public RpcWriter number(long value) {
        output.unsigned(value);
        return this;
    }

    public RpcWriter real(double value) {
        output.real(value);
        return this;
    }

    public RpcWriter flag(boolean value) {
        output.bool(value);
        return this;
    }

    public RpcWriter nil() {
        output.nil();
        return this;
    }

    /** A whole map of texts. */
    public RpcWriter texts(SortedMap<String, String> values) {
        map(values.size());
        values.forEach((name, value) -> text(name).text(value));
        return this;
    }

    public Bytes toBytes() {
        return output.toBytes();
    }
}
