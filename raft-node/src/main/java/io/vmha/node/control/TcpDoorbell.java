package io.vmha.node.control;

import io.vmha.recovery.core.Doorbell;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/** Knocks by opening a TCP connection, and closes it again without a word. */
final class TcpDoorbell implements Doorbell {
    private static final int LIMIT_MS = 1_500;

    @Override
    public boolean answers(String address) {
        int colon = address.lastIndexOf(':');
        try (var socket = new Socket()) {
            // addresses and ports come from Nova's own records; a name would be looked up, which could block
            socket.connect(
                    new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))),
                    LIMIT_MS);
            return true;
        } catch (IOException | IllegalArgumentException e) {
            return false;
        }
    }
}
