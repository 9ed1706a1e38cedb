//! The hints that records keep: what Epic's answer means, and what to check at once. English, and Spanish.

pub(super) const HINTS: &[(&str, &str)] = &[
    // For Epic's codes.
    (
        "Epic saw no conference id. Check status_path, and that nothing between us and Epic drops the query.",
        "Epic no vio ningún ID de conferencia. Compruebe status_path, y que nada entre nosotros y Epic quite los parámetros de la dirección.",
    ),
    (
        "Epic saw no conference id. Check which field of the bodies under telehealth_2020 has {conference_id}, and that nothing between us and Epic drops the body.",
        "Epic no vio ningún ID de conferencia. Compruebe qué campo de los cuerpos de telehealth_2020 lleva {conference_id}, y que nada entre nosotros y Epic quite el cuerpo.",
    ),
    (
        "Epic saw no user id. Check that the CONTEXT line of the FDI record carries externalid.",
        "Epic no vio ningún ID de usuario. Compruebe que la línea CONTEXT del registro FDI lleve externalid.",
    ),
    (
        "Epic saw no user id. Check that the CONTEXT line of the FDI record carries externalid, and which field of the bodies under telehealth_2020 has {external_id}.",
        "Epic no vio ningún ID de usuario. Compruebe que la línea CONTEXT del registro FDI lleve externalid, y qué campo de los cuerpos de telehealth_2020 lleva {external_id}.",
    ),
    (
        "Epic saw no user id type. Check external_id_types in the settings.",
        "Epic no vio ningún tipo de ID de usuario. Compruebe external_id_types en la configuración.",
    ),
    (
        "Epic saw no user id type. Check external_id_types in the settings, and which field of the bodies under telehealth_2020 has {external_id_type}.",
        "Epic no vio ningún tipo de ID de usuario. Compruebe external_id_types en la configuración, y qué campo de los cuerpos de telehealth_2020 lleva {external_id_type}.",
    ),
    (
        "Epic saw no vendor name. Check vendor_name in the settings.",
        "Epic no vio ningún nombre de proveedor tecnológico. Compruebe vendor_name en la configuración.",
    ),
    (
        "Epic saw no vendor name. Check vendor_name in the settings, and which field of the bodies under telehealth_2020 has {vendor_name}.",
        "Epic no vio ningún nombre de proveedor tecnológico. Compruebe vendor_name en la configuración, y qué campo de los cuerpos de telehealth_2020 lleva {vendor_name}.",
    ),
    (
        "Epic saw no connection status. Check status_values in the settings.",
        "Epic no vio ningún estado de conexión. Compruebe status_values en la configuración.",
    ),
    (
        "Epic does not know this connection status. Check status_values in the settings against Epic's build.",
        "Epic no conoce este estado de conexión. Compare status_values en la configuración con lo configurado en Epic.",
    ),
    (
        "Epic misses a connection status, or does not know it. Check telehealth_2020 in the settings: each call has to say, by its path or in its body, that somebody connects or disconnects.",
        "A Epic le falta un estado de conexión, o no lo conoce. Compruebe telehealth_2020 en la configuración: cada llamada tiene que decir, en su ruta o en su cuerpo, que alguien se conecta o se desconecta.",
    ),
    (
        "Epic knows no visit by this id. Check that the CONTEXT line of the FDI record has csn=%CSN% (for group visits conferenceid=%CONFERENCEID%), and that the launch came from the same Epic environment.",
        "Epic no conoce ninguna visita con este ID. Compruebe que la línea CONTEXT del registro FDI tenga csn=%CSN% (en visitas de grupo conferenceid=%CONFERENCEID%), y que la visita se abriera desde el mismo entorno de Epic.",
    ),
    (
        "Epic does not know this person in this visit. Check that externalid in the CONTEXT line holds the EMP id for providers and the WPR id for patients.",
        "Epic no conoce a esta persona en esta visita. Compruebe que externalid en la línea CONTEXT lleve el ID de EMP para proveedores y el ID de WPR para pacientes.",
    ),
    (
        "Epic does not know this type of user id. Check external_id_types in the settings against Epic's build.",
        "Epic no conoce este tipo de ID de usuario. Compare external_id_types en la configuración con lo configurado en Epic.",
    ),
    (
        "The appointment is in use in Epic at the moment; it is tried again.",
        "La cita está en uso en Epic en este momento; se intenta de nuevo.",
    ),
    // For statuses without a code that we know.
    (
        "Epic answered with a redirect, which is not followed. Check telehealth_base_url: it must be the web service itself, not a sign-in page in front of it.",
        "Epic respondió con una redirección, que no se sigue. Compruebe telehealth_base_url: tiene que ser el servicio web mismo y no una página de inicio de sesión delante de él.",
    ),
    (
        "Epic refused the request without a code that we know. Look for it in Epic's Interconnect log.",
        "Epic rechazó la solicitud sin un código que conozcamos. Búsquela en el registro de Interconnect de Epic.",
    ),
    (
        "Epic refused the request without a code that we know. Check telehealth_2020 in the settings against Epic's build, and look for the request in Epic's Interconnect log.",
        "Epic rechazó la solicitud sin un código que conozcamos. Compare telehealth_2020 en la configuración con lo configurado en Epic, y busque la solicitud en el registro de Interconnect de Epic.",
    ),
    (
        "Epic does not take our credentials, with a fresh token too. Check that the client id is enabled in this environment, that its public key or status_user is right, and that it may use the status service.",
        "Epic no acepta nuestras credenciales, tampoco con un token nuevo. Compruebe que el ID de cliente esté habilitado en este entorno, que su clave pública o status_user sean correctos, y que pueda usar el servicio de estado.",
    ),
    (
        "Epic knows us and does not let us. Check that the client id is licensed for the status service and sent as Epic-Client-ID.",
        "Epic nos conoce y no nos deja. Compruebe que el ID de cliente tenga licencia para el servicio de estado y se envíe como Epic-Client-ID.",
    ),
    (
        "There is no status service at this address. Check telehealth_base_url and status_path.",
        "En esta dirección no hay ningún servicio de estado. Compruebe telehealth_base_url y status_path.",
    ),
    (
        "There is no such service at this address. Check telehealth_base_url and the paths under telehealth_2020.",
        "En esta dirección no hay tal servicio. Compruebe telehealth_base_url y las rutas de telehealth_2020.",
    ),
    (
        "The service does not take this method. Check `method` under telehealth_2020.",
        "El servicio no acepta este método. Compruebe `method` en telehealth_2020.",
    ),
    (
        "Epic gave up waiting for the request; it is tried again.",
        "Epic dejó de esperar la solicitud; se intenta de nuevo.",
    ),
    (
        "Epic asks for fewer requests; it is tried again. Check requests_per_second and concurrent_requests.",
        "Epic pide menos solicitudes; se intenta de nuevo. Compruebe requests_per_second y concurrent_requests.",
    ),
    (
        "Epic, or a gateway before it, has trouble; it is tried again.",
        "Epic, o una pasarela delante de él, tiene problemas; se intenta de nuevo.",
    ),
    (
        "Epic refused the request. Look for it in Epic's Interconnect log.",
        "Epic rechazó la solicitud. Búsquela en el registro de Interconnect de Epic.",
    ),
    // Without an answer, or before there was anything to ask.
    (
        "Epic cannot be reached. Check telehealth_base_url and the network.",
        "No se puede llegar a Epic. Compruebe telehealth_base_url y la red.",
    ),
    ("Epic did not answer in time; it is tried again.", "Epic no respondió a tiempo; se intenta de nuevo."),
    (
        "Epic's authorization server does not answer. Check oauth_base_url or fhir_base_url and the network.",
        "El servidor de autorización de Epic no responde. Compruebe oauth_base_url o fhir_base_url y la red.",
    ),
    (
        "Epic's authorization server asks for fewer requests.",
        "El servidor de autorización de Epic pide menos solicitudes.",
    ),
    (
        "Epic's authorization server gives us no token. Check the client id, that Epic has the public key of the first private key file, and that our clock is right.",
        "El servidor de autorización de Epic no nos da ningún token. Compruebe el ID de cliente, que Epic tenga la clave pública del primer archivo de clave privada, y que nuestro reloj esté bien.",
    ),
    (
        "This organization has no Epic in the settings of the node that tried.",
        "Esta organización no tiene Epic en la configuración del nodo que lo intentó.",
    ),
    (
        "The service of 2018 cannot be told of device tests. It was to be told before status_dialect was changed.",
        "Al servicio de 2018 no se le puede avisar de pruebas del dispositivo. Iba a avisarse antes de que se cambiara status_dialect.",
    ),
    (
        "Given up: Epic did not take it for as long as the settings allow (retry.give_up_after).",
        "Abandonado: Epic no lo aceptó en todo el tiempo que permite la configuración (retry.give_up_after).",
    ),
];
