/** What a host's agent finds out, with the others, about the storage under the instances (S10). */
package io.vmha.node.storage;
