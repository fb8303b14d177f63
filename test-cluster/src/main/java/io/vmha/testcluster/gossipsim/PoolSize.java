package io.vmha.testcluster.gossipsim;

import io.vmha.sim.gossip.GossipScenario;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How many nodes a simulated pool has. */
final class PoolSize implements ITypeConverter<Integer> {
    /** Called by picocli. */
    PoolSize() {}

    @Override
    public Integer convert(String word) {
        int nodes = word.matches("[0-9]{1,9}") ? Integer.parseInt(word) : 0;
        if (nodes < 2 || nodes > GossipScenario.NODES_MAX) {
            throw new TypeConversionException(
                    "expected a number of nodes from 2 to " + GossipScenario.NODES_MAX + " but found '" + word + "'");
        }
        return nodes;
    }
}
