package io.vmha.testcluster.cluster;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The OpenStack under the cluster: a simulated one in this process, or a real one of Debian's packages. */
public interface CloudBackend extends AutoCloseable {
    /** Brings the cloud up with these hosts in one AZ, and as many running VMs on each. */
    void start(List<String> hosts, String az, int vmsPerHost);

    URI authUrl();

    String username();

    String password();

    String project();

    /** The control endpoint that loses or gets a host with its power, for a cloud that has one. */
    Optional<InetSocketAddress> powerEndpoint();

    /**
     * The shell command that turns the host's part of this cloud; {@code $1} is on, off or reset, {@code $2} the host. Everything is dead
     * when off returns.
     */
    String powerCommand();

    /** VMs that run on two hosts at once, as seen on the hosts themselves and not in Nova; the empty list is good news. */
    List<String> runningTwice();

    /** Where each VM's guest runs now, by the VM's UUID, as seen on the hosts themselves and not in Nova. */
    Map<String, List<String>> guests();

    /** One line on what this cloud is. */
    String describe();

    @Override
    void close();

    /** Told before it is closed over a failure: what explains that would be gone afterwards. */
    default void onFailure() {}
}
