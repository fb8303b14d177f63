/**
 * The daemon's configuration: one YAML file in, one immutable {@link io.vmha.node.config.VmhadConfig} out, or every problem of the file at
 * once, each with its line.
 */
package io.vmha.node.config;
