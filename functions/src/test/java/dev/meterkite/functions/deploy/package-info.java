/** Tests of what brings the functions to the cloud: the script, its commands, what it uploads. */
package dev.meterkite.functions.deploy;
