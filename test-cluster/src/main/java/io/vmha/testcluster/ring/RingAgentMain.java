package io.vmha.testcluster.ring;

import io.vmha.gossip.netty.GossipAgent;
import io.vmha.gossip.netty.GossipConfig;
import io.vmha.gossip.netty.RpcSettings;
import io.vmha.gossip.serf.GossipListener;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.UserEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/** Our agent alone, as {@code serf agent} is: prints what happens to members in serf's words, and leaves when its input ends. */
public final class RingAgentMain {
    private RingAgentMain() {}

    private static final int RPC_PORT = 7373;

    /** Each takes up to ten seconds. */
    private static final int JOIN_TRIES = 10;

    /** Arguments: name, address, port, and optionally the address of a member to join, and {@code rpc} to let serf's command in. */
    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(arguments[2]);
        InetSocketAddress own = new InetSocketAddress(InetAddress.getByName(arguments[1]), port);
        GossipConfig config = GossipConfig.of(arguments[0], own);
        if (arguments.length > 4) {
            InetAddress loopback = InetAddress.getLoopbackAddress();
            config = config.withRpc(RpcSettings.of(new InetSocketAddress(loopback, RPC_PORT)));
        }
        GossipAgent agent = GossipAgent.start(config, new Printer());
        if (arguments.length > 3) {
            List<InetSocketAddress> seed = List.of(new InetSocketAddress(InetAddress.getByName(arguments[3]), port));
            int tries = 1;
            while (agent.join(seed).join() == 0 && tries < JOIN_TRIES) { // the seed may be busy with its own start
                tries++;
            }
        }
        while (System.in.read() >= 0) {
            // waits for the end of its input
        }
        agent.leave().join();
        agent.close();
    }

    private static final class Printer implements GossipListener {
        private static void print(String event, Member member) {
            System.out.println(
                    event + ": " + member.name() + " " + member.address().getHostAddress());
        }

        @Override
        public void onJoin(Member member) {
            print(Sighting.JOIN, member);
        }

        @Override
        public void onLeave(Member member) {
            print(Sighting.LEAVE, member);
        }

        @Override
        public void onFailed(Member member) {
            print(Sighting.FAILED, member);
        }

        @Override
        public void onUpdate(Member member) {
            // not measured
        }

        @Override
        public void onSuspect(Member member) {
            // not measured: serf does not tell
        }

        @Override
        public void onRefuted(Member member) {
            // not measured: serf does not tell
        }

        @Override
        public void onUserEvent(UserEvent event) {
            // not measured
        }
    }
}
