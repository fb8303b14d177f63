package io.vmha.testcluster.faults.lab;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/** The only name server of the lab: every name ends at the cloud's address; nobody is answered while it is gone. */
final class NameServer implements AutoCloseable {
    private static final int PORT = 53;
    private static final int TTL_S = 2;
    private static final int HEADER_BYTES = 12;

    private final DatagramSocket socket;
    private final byte[] answer;
    private volatile boolean gone;
    private final AtomicLong unanswered = new AtomicLong();

    NameServer(InetAddress address) throws IOException {
        socket = new DatagramSocket(new InetSocketAddress(address, PORT));
        answer = address.getAddress();
        GuestBus.daemon(this::serve, "dns").start();
    }

    void gone(boolean isGone) {
        gone = isGone;
    }

    /** How many questions got no answer, ever. */
    long unanswered() {
        return unanswered.get();
    }

    private void serve() {
        var packet = new DatagramPacket(new byte[512], 512);
        while (!socket.isClosed()) {
            try {
                packet.setLength(512);
                socket.receive(packet);
                if (gone) {
                    unanswered.incrementAndGet();
                } else if (packet.getLength() > HEADER_BYTES) {
                    byte[] reply = reply(Arrays.copyOf(packet.getData(), packet.getLength()));
                    socket.send(new DatagramPacket(reply, reply.length, packet.getSocketAddress()));
                }
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    /** RFC 1035: the question again, and one A record for it; none for other types. */
    private byte[] reply(byte[] question) {
        int end = HEADER_BYTES;
        while (end < question.length && question[end] != 0) {
            end += 1 + (question[end] & 0x3f);
        }
        end = Math.min(question.length, end + 5);
        boolean isAddress = question[end - 3] == 1;
        byte[] reply = Arrays.copyOf(question, isAddress ? end + 16 : end);
        reply[2] = (byte) 0x84; // an authoritative answer
        reply[3] = 0;
        reply[7] = (byte) (isAddress ? 1 : 0);
        Arrays.fill(reply, 8, HEADER_BYTES, (byte) 0);
        if (isAddress) {
            byte[] record = {
                (byte) 0xc0, HEADER_BYTES, 0, 1, 0, 1, 0, 0, 0, TTL_S, 0, 4, answer[0], answer[1], answer[2], answer[3]
            };
            System.arraycopy(record, 0, reply, end, record.length);
        }
        return reply;
    }

    @Override
    public void close() {
        socket.close();
    }
}
