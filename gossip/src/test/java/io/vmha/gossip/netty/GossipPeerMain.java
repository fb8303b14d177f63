package io.vmha.gossip.netty;

import io.vmha.gossip.serf.Member;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** An agent of ours in a process of its own, so that it can be killed or stopped like any other; obeys words on its standard input. */
final class GossipPeerMain {
    private GossipPeerMain() {}

    /**
     * Arguments: name, ip, port, key in base64 or a dash, and optionally the peer to join as ip and port.
     */
    public static void main(String[] arguments) throws IOException {
        GossipConfig config = GossipConfig.of(
                        arguments[0], new InetSocketAddress(arguments[1], Integer.parseInt(arguments[2])))
                .withTags(new TreeMap<>(Map.of("role", "vmha", "az", "az1")));
        if (!arguments[3].equals("-")) {
            config = config.withKeys(List.of(Base64.getDecoder().decode(arguments[3])));
        }
        try (GossipAgent agent = GossipAgent.start(config, new RecordingListener())) {
            if (arguments.length > 4) {
                InetSocketAddress seed = new InetSocketAddress(arguments[4], Integer.parseInt(arguments[5]));
                System.out.println("joined " + agent.join(List.of(seed)).join());
            }
            System.out.println("ready");
            BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String order = orders.readLine(); order != null; order = orders.readLine()) {
                if (order.equals("members")) {
                    for (Member member : agent.members()) {
                        System.out.println(member.name() + "=" + member.status().text());
                    }
                } else if (order.equals("leave")) {
                    agent.leave().join();
                    System.out.println("left");
                }
            }
        }
    }
}
