package io.vmha.node.documents;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.vmha.node.view.NodeView;
import io.vmha.node.view.NodeView.Peer;
import io.vmha.node.view.NodeView.PoolMember;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Who is there and who leads: our own documents, and Consul's in Consul's shape. */
final class PoolDocuments {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private PoolDocuments() {}

    /** Consul's {@code status/leader}: the address, empty text when there is none. */
    static TextNode leaderAddress(NodeView view) {
        return JSON.textNode(view.leader().map(Peer::address).orElse(""));
    }

    /** Consul's {@code status/peers}. */
    static ArrayNode peerAddresses(NodeView view) {
        ArrayNode peers = JSON.arrayNode();
        view.voters().forEach(voter -> peers.add(voter.address()));
        return peers;
    }

    /** Consul's {@code agent/members}. */
    static ArrayNode consulMembers(NodeView view) {
        ArrayNode members = JSON.arrayNode();
        view.members().forEach(member -> members.add(consulMember(member)));
        return members;
    }

    private static ObjectNode consulMember(PoolMember member) {
        ObjectNode node = JSON.objectNode()
                .put("Name", member.name())
                .put("Addr", member.address())
                .put("Port", member.port());
        member.tags().forEach(node.putObject("Tags")::put);
        return node.put("Status", member.status())
                .put("ProtocolMin", member.protocolMin())
                .put("ProtocolMax", member.protocolMax())
                .put("ProtocolCur", member.protocolCur())
                .put("DelegateMin", member.delegateMin())
                .put("DelegateMax", member.delegateMax())
                .put("DelegateCur", member.delegateCur());
    }

    /** Consul's {@code agent/self}, as far as it has a meaning here. */
    static ObjectNode consulSelf(NodeView view) {
        Optional<PoolMember> self = ofHost(view, view.host());
        boolean server = !view.role().equals("client") && !view.role().equals("none");
        String version = version();
        ObjectNode node = JSON.objectNode();
        node.putObject("Config")
                .put(
                        "Datacenter",
                        self.map(m -> m.tags().getOrDefault("dc", "")).orElse(""))
                .put("NodeName", self.map(PoolMember::name).orElse(view.host()))
                .put("NodeID", self.map(m -> m.tags().getOrDefault("id", "")).orElse(""))
                .put("Revision", "")
                .put("Server", server)
                .put("Version", version);
        node.set("Member", self.map(PoolDocuments::consulMember).orElseGet(JSON::objectNode));
        ObjectNode stats = node.putObject("Stats");
        stats.putObject("build").put("prerelease", "").put("revision", "").put("version", version);
        stats.putObject("consul")
                .put("leader", String.valueOf(view.role().equals("leader")))
                .put("leader_addr", view.leader().map(Peer::address).orElse(""))
                .put("server", String.valueOf(server));
        stats.putObject("raft")
                .put(
                        "applied_index",
                        String.valueOf(
                                view.state().map(s -> s.applied().index()).orElse(0L)))
                .put("num_peers", String.valueOf(Math.max(0, view.voters().size() - 1)))
                .put("state", consulRole(view.role()))
                .put("term", String.valueOf(view.term()));
        node.putObject("Meta");
        return node;
    }

    private static String consulRole(String role) {
        return role.isEmpty() ? role : Character.toUpperCase(role.charAt(0)) + role.substring(1);
    }

    private static String version() {
        String version = PoolDocuments.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** Who leads the group of this host; {@code leader} is null and {@code reason} says why when nobody does. */
    static ObjectNode leader(NodeView view) {
        ObjectNode node = JSON.objectNode();
        view.leader()
                .ifPresentOrElse(
                        peer -> node.set("leader", peer(peer)),
                        () -> node.putNull("leader").put("reason", whyNoLeader(view)));
        node.put("term", view.term())
                .put("group", view.group().orElse(null))
                .put("host", view.host())
                .put("role", view.role());
        view.trouble().forEach(node.putArray("trouble")::add);
        return node;
    }

    static ObjectNode peer(Peer peer) {
        return JSON.objectNode().put("host", peer.host()).put("address", peer.address());
    }

    /** Says what a person can do about it, from what the pool knows of the voters. */
    static String whyNoLeader(NodeView view) {
        if (view.group().isEmpty()) {
            return "this host belongs to no group: enable HA for its AZ (vmha az enable AZ), or wait until the group has called it";
        }
        if (view.voters().isEmpty()) {
            return "this host does not know the voters of its group yet";
        }
        var alive = new ArrayList<String>();
        var gone = new ArrayList<String>();
        for (Peer voter : view.voters()) {
            (agent(view, voter.host()).equals("alive") ? alive : gone).add(voter.host());
        }
        int majority = view.voters().size() / 2 + 1;
        if (alive.size() < majority) {
            return "only " + alive.size() + " of " + view.voters().size() + " voters are alive in the pool and "
                    + majority + " are needed: bring back " + String.join(", ", gone);
        }
        return alive.size() + " of " + view.voters().size()
                + " voters are alive, which is enough: an election should end within seconds";
    }

    /** The pool with our own names for things. */
    static ArrayNode members(NodeView view) {
        ArrayNode members = JSON.arrayNode();
        List<String> voters = view.voters().stream().map(Peer::host).toList();
        for (PoolMember member : view.members()) {
            String host = hostOf(member);
            ObjectNode node = JSON.objectNode()
                    .put("name", member.name())
                    .put("host", host)
                    .put("address", member.address() + ":" + member.port())
                    .put("status", status(member))
                    .put("voter", voters.contains(host))
                    .put("leader", isLeader(view, host));
            member.tags().forEach(node.putObject("tags")::put);
            members.add(node);
        }
        return members;
    }

    static boolean isLeader(NodeView view, String host) {
        return view.leader().map(l -> l.host().equals(host)).orElse(false);
    }

    /** What the pool says of the agent on a host; {@code unknown} if it has never been seen. */
    static String agent(NodeView view, String host) {
        return ofHost(view, host).map(PoolDocuments::status).orElse("unknown");
    }

    static Optional<PoolMember> ofHost(NodeView view, String host) {
        return view.members().stream().filter(m -> hostOf(m).equals(host)).findFirst();
    }

    /** The Nova host name that a member announces; its own name if it announces none. */
    private static String hostOf(PoolMember member) {
        return member.tags().getOrDefault("host", member.name());
    }

    private static String status(PoolMember member) {
        return switch (member.status()) {
            case 1 -> member.suspect() ? "suspect" : "alive";
            case 2 -> "leaving";
            case 3 -> "left";
            case 4 -> "failed";
            default -> "none";
        };
    }
}
