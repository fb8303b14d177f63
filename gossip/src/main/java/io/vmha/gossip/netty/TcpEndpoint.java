package io.vmha.gossip.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.StreamCodec;
import io.vmha.gossip.wire.StreamCodec.Side;
import io.vmha.gossip.wire.StreamDecoder;
import io.vmha.gossip.wire.WireFormatException;
import io.vmha.gossip.wire.WireSettings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Streams in and out, on the gossip thread: one request and at most one reply per connection. */
@SuppressWarnings(
        "FutureReturnValueIgnored") // a failed write closes the channel, which the handlers see; a close cannot fail
final class TcpEndpoint {
    /** memberlist maxPushPullRequests. */
    private static final int INBOUND_MAX = 128;

    private static final int OUTBOUND_MAX = 256;

    /** What all unfinished inbound messages may hold together. */
    private static final int BUFFERED_BYTES_MAX = 16 * 1024 * 1024;

    private StreamCodec codec;
    private final SecureRandom nonces;
    private final Traffic traffic;
    private final Receiver receiver;
    private final long inboundTimeoutMs;
    private EventLoopGroup group;
    private ChannelGroup channels;
    private InetAddress localAddress;
    private int inbound;
    private int outbound;
    private long buffered;

    /** Who takes what comes in. */
    interface Receiver {
        /** A peer's request. The reply, if there is one, is given to {@code connection} before this returns. */
        void onRequest(Connection connection, Message request);

        void onReply(long streamId, Message reply);

        void onFailed(long streamId, String reason);
    }

    /** An accepted connection that waits for our reply. */
    interface Connection {
        void reply(Message reply);
    }

    TcpEndpoint(WireSettings settings, long inboundTimeoutMs, SecureRandom nonces, Traffic traffic, Receiver receiver) {
        this.codec = new StreamCodec(settings);
        this.inboundTimeoutMs = inboundTimeoutMs;
        this.nonces = nonces;
        this.traffic = traffic;
        this.receiver = receiver;
    }

    /** For connections from now on. */
    void use(WireSettings settings) {
        codec = new StreamCodec(settings);
    }

    /** @param open takes every channel for as long as it is open */
    ChannelFuture bind(EventLoopGroup loop, ChannelGroup open, InetSocketAddress address) {
        group = loop;
        channels = open;
        localAddress = address.getAddress();
        ChannelFuture bound = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, INBOUND_MAX)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel accepted) {
                        open.add(accepted);
                        accepted.pipeline().addLast(new Inbound());
                    }
                })
                .bind(address);
        open.add(bound.channel());
        return bound;
    }

    private ByteBuf encode(Message message, Side side) {
        byte[] nonce = new byte[Keyring.NONCE_BYTES];
        nonces.nextBytes(nonce);
        return Unpooled.wrappedBuffer(codec.encode(message, side, nonce));
    }

    void open(long streamId, InetSocketAddress to, Message request, long timeoutMs) {
        Outbound handler = new Outbound(streamId, request, timeoutMs);
        if (outbound >= OUTBOUND_MAX) {
            group.execute(() -> receiver.onFailed(streamId, "more than " + OUTBOUND_MAX + " connections under way"));
            return;
        }
        outbound++;
        traffic.streamsOut++;
        ChannelFuture connecting = new Bootstrap()
                .group(group)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Math.min(timeoutMs, Integer.MAX_VALUE))
                .handler(handler)
                .connect(to, new InetSocketAddress(localAddress, 0));
        channels.add(connecting.channel());
        connecting.addListener(connected -> {
            if (!connected.isSuccess()) {
                handler.finish(String.valueOf(connected.cause().getMessage()));
            }
        });
        group.schedule(() -> handler.expire(connecting.channel()), timeoutMs, TimeUnit.MILLISECONDS);
    }

    private final class Outbound extends SimpleChannelInboundHandler<ByteBuf> {
        private final long streamId;
        private final Message request;
        private final long timeoutMs;
        private final StreamDecoder decoder = codec.decoder(Side.RESPONDER);
        private boolean finished;

        Outbound(long streamId, Message request, long timeoutMs) {
            this.streamId = streamId;
            this.request = request;
            this.timeoutMs = timeoutMs;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            context.writeAndFlush(encode(request, Side.INITIATOR));
        }

        void expire(Channel channel) {
            finish("no reply within " + timeoutMs + " ms");
            channel.close();
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf received) {
            if (finished) {
                return;
            }
            try {
                byte[] chunk = ByteBufUtil.getBytes(received);
                Optional<Message> reply = decoder.feed(chunk, 0, chunk.length);
                if (reply.isPresent()) {
                    finished = true;
                    outbound--;
                    context.close();
                    receiver.onReply(streamId, reply.get());
                }
            } catch (WireFormatException damaged) {
                traffic.undecodable(context.channel().remoteAddress(), damaged.getMessage());
                finish("unreadable reply: " + damaged.getMessage());
                context.close();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            finish("the peer closed the connection without a reply");
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            finish(String.valueOf(cause.getMessage()));
            context.close();
        }

        /** Reports a failure, once, and never in the middle of another input. */
        void finish(String reason) {
            if (!finished) {
                finished = true;
                outbound--;
                traffic.streamErrors++;
                group.execute(() -> receiver.onFailed(streamId, reason));
            }
        }
    }

    private final class Inbound extends SimpleChannelInboundHandler<ByteBuf> {
        private final StreamDecoder decoder = codec.decoder(Side.INITIATOR);
        private boolean counted;
        private boolean finished;

        @Override
        public void channelActive(ChannelHandlerContext context) {
            traffic.streamsIn++;
            if (inbound >= INBOUND_MAX) {
                traffic.streamErrors++;
                context.close();
                return;
            }
            counted = true;
            inbound++;
            context.executor().schedule(() -> context.close(), inboundTimeoutMs, TimeUnit.MILLISECONDS);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (counted) {
                inbound--;
                buffered -= decoder.buffered();
                traffic.streamErrors += finished ? 0 : 1;
            }
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf received) {
            if (finished || !counted) {
                return;
            }
            if (buffered + received.readableBytes() > BUFFERED_BYTES_MAX) {
                traffic.undecodable(context.channel().remoteAddress(), "too many unfinished streams at the same time");
                context.close();
                return;
            }
            int before = decoder.buffered();
            try {
                byte[] chunk = ByteBufUtil.getBytes(received);
                Optional<Message> request = decoder.feed(chunk, 0, chunk.length);
                if (request.isPresent()) {
                    finished = true;
                    receiver.onRequest(reply -> context.writeAndFlush(encode(reply, Side.RESPONDER)), request.get());
                    closeAfterFlush(context);
                }
            } catch (WireFormatException damaged) {
                finished = true;
                traffic.undecodable(context.channel().remoteAddress(), damaged.getMessage());
                context.writeAndFlush(encode(new Message.ErrorReply(damaged.getMessage()), Side.RESPONDER));
                closeAfterFlush(context);
            } finally {
                buffered += decoder.buffered() - before;
            }
        }

        private static void closeAfterFlush(ChannelHandlerContext context) {
            context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
