package io.vmha.gossip.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.Limits;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.PacketCodec;
import io.vmha.gossip.wire.WireFormatException;
import io.vmha.gossip.wire.WireSettings;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;

/** Datagrams in and out, on the gossip thread. */
final class UdpEndpoint {
    private static final int RECEIVE_BUFFER_BYTES = 1024 * 1024;

    private PacketCodec codec;
    private final SecureRandom nonces;
    private final Traffic traffic;
    private final Receiver receiver;
    private Channel channel;

    /** Who takes what comes in. */
    interface Receiver {
        void onMessages(InetSocketAddress from, List<Message> messages);

        void onSendFailed(InetSocketAddress to);
    }

    UdpEndpoint(WireSettings settings, SecureRandom nonces, Traffic traffic, Receiver receiver) {
        this.codec = new PacketCodec(settings);
        this.nonces = nonces;
        this.traffic = traffic;
        this.receiver = receiver;
    }

    void use(WireSettings settings) {
        codec = new PacketCodec(settings);
    }

    /** @param open takes the channel for as long as it is open */
    ChannelFuture bind(EventLoopGroup group, ChannelGroup open, InetSocketAddress address) {
        ChannelFuture bound = new Bootstrap()
                .group(group)
                .channel(NioDatagramChannel.class)
                .option(ChannelOption.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(Limits.DATAGRAM_BYTES_MAX))
                .handler(new Inbound())
                .bind(address);
        channel = bound.channel();
        open.add(channel);
        return bound;
    }

    void send(InetSocketAddress to, List<Bytes> parts, boolean checksum) {
        byte[] nonce = new byte[Keyring.NONCE_BYTES];
        nonces.nextBytes(nonce);
        byte[] datagram = codec.encode(parts, checksum, nonce);
        traffic.packetsOut++;
        traffic.bytesOut += datagram.length;
        channel.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(datagram), to))
                .addListener(sent -> {
                    if (!sent.isSuccess()) {
                        traffic.sendErrors++;
                        channel.eventLoop().execute(() -> receiver.onSendFailed(to));
                    }
                });
    }

    private final class Inbound extends SimpleChannelInboundHandler<DatagramPacket> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
            byte[] datagram = ByteBufUtil.getBytes(packet.content());
            traffic.packetsIn++;
            traffic.bytesIn += datagram.length;
            try {
                PacketCodec.Packet decoded = codec.decode(datagram);
                decoded.problems().forEach(problem -> traffic.undecodable(packet.sender(), problem));
                receiver.onMessages(packet.sender(), decoded.messages());
            } catch (WireFormatException damaged) {
                traffic.undecodable(packet.sender(), damaged.getMessage());
            }
        }

        /** ICMP port unreachable and the like: the peer is down, probing finds out. */
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            traffic.sendErrors++;
        }
    }
}
