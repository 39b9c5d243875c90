# SPDX-License-Identifier: Apache-2.0
# Where `cmake --install` puts what config/ installs: below DESTDIR and below the prefix, the one configured and another
# one, and nowhere else; and that a file which a clinic has edited stays, with its new version beside it.

function(install_to destdir)
    execute_process(COMMAND ${CMAKE_COMMAND} -E env DESTDIR=${destdir} ${CMAKE_COMMAND} --install ${BUILD} ${ARGN}
        OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Each file that must be there, and none that is not below one of them.
function(expect destdir prefix etc)
    foreach(name ${etc}/modalityd/devices.ini ${etc}/modalityd/protocols/estim.ini ${prefix}/lib/sysusers.d/modalityd.conf
            ${prefix}/lib/systemd/system/modalityd.service ${prefix}/lib/udev/rules.d/60-modalityd.rules)
        if(NOT EXISTS ${destdir}${name})
            message(SEND_ERROR "${destdir}${name} was not installed")
        endif()
    endforeach()
    file(GLOB_RECURSE names RELATIVE ${destdir} ${destdir}/*)
    foreach(name ${names})
        string(FIND "/${name}" "${prefix}/" below_prefix)
        string(FIND "/${name}" "${etc}/" below_etc)
        if(NOT below_prefix EQUAL 0 AND NOT below_etc EQUAL 0)
            message(SEND_ERROR "/${name} was installed outside ${prefix} and ${etc}")
        endif()
    endforeach()
endfunction()

file(REMOVE_RECURSE ${FOLDER})
install_to(${FOLDER}/configured)
expect(${FOLDER}/configured ${PREFIX} ${FULL_SYSCONFDIR})
set(etc ${SYSCONFDIR})
if(NOT IS_ABSOLUTE "${etc}")
    set(etc /moved/${etc})
endif()
install_to(${FOLDER}/moved --prefix /moved)
expect(${FOLDER}/moved /moved ${etc})

set(edited ${FOLDER}/moved${etc}/modalityd/daemon.ini)
file(WRITE ${edited} "# ours\n")
install_to(${FOLDER}/moved --prefix /moved)
file(READ ${edited} text)
if(NOT text STREQUAL "# ours\n" OR NOT EXISTS ${edited}.new)
    message(SEND_ERROR "${edited} was not kept, or its new version is not beside it")
endif()
file(REMOVE_RECURSE ${FOLDER})
