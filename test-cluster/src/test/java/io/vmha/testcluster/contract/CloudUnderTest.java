package io.vmha.testcluster.contract;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.openstack.OpenStackConfig;

/** A cloud with at least one zone of three or more hosts, each with an ACTIVE server, whose hosts can be switched off. */
interface CloudUnderTest extends AutoCloseable {
    OpenStackConfig config();

    /** The zone that the contract may do damage to. */
    String zone();

    /** Returns when the host's nova-compute and guests are dead. */
    void powerOff(HostName host);

    @Override
    void close();
}
