/**
 * Functions and classes of PHP itself, as far as they raise errors. They have no file, so an error of theirs is placed
 * where they were called. Only for traces above which no place is printed; a function that is not listed costs a place.
 */

const CLASSES = new RegExp(
  `^(?:${[
    'PDO|PDOStatement|mysqli\\w*|SQLite3\\w*|Redis|RedisCluster|Memcached?|AMQP\\w+|MongoDB\\\\Driver\\\\\\w+|Pdo\\\\\\w+',
    'DateTime|DateTimeImmutable|DateTimeZone|DateInterval|DatePeriod|Intl\\w+|NumberFormatter|MessageFormatter|Collator',
    'Reflection\\w*|Closure|Generator|Fiber|WeakMap|WeakReference|FFI|ArrayObject|ArrayIterator|Spl\\w+|\\w+Iterator',
    'SimpleXML\\w+|DOM\\w+|Dom\\\\\\w+|XML(?:Reader|Writer)|XSLTProcessor|SoapClient|SoapServer',
    'Phar\\w*|ZipArchive|Imagick\\w*|CURLFile|SessionHandler|Random\\\\\\w+|Directory|finfo|Normalizer|Transliterator',
  ].join('|')})(?:->|::)`,
)

const FUNCTIONS = new Set(
  `intdiv range max min array_combine array_fill array_fill_keys array_chunk array_column array_pad array_rand array_walk
  array_multisort array_map array_filter array_reduce array_merge array_search array_sum array_product array_key_exists
  array_keys array_values array_slice array_splice array_unique array_flip array_diff array_intersect in_array count
  implode explode str_repeat str_replace str_split str_contains str_starts_with str_ends_with str_pad strlen strpos
  stripos strrpos substr substr_count substr_compare ucfirst ucwords strtolower strtoupper trim ltrim rtrim sprintf printf
  vsprintf number_format wordwrap chunk_split nl2br htmlspecialchars htmlentities strip_tags addslashes
  json_decode json_encode json_validate serialize unserialize var_export igbinary_unserialize msgpack_unpack
  preg_match preg_match_all preg_replace preg_replace_callback preg_split preg_quote iconv iconv_strlen iconv_substr
  mb_convert_case mb_convert_encoding mb_detect_encoding mb_str_split mb_strlen mb_strpos mb_strtolower mb_strtoupper
  mb_substr mb_check_encoding mb_encode_mimeheader mb_internal_encoding
  random_int random_bytes mt_rand rand mt_srand hash hash_hmac hash_init hash_pbkdf2 md5 sha1 crc32 password_hash
  password_verify openssl_encrypt openssl_decrypt openssl_sign openssl_verify openssl_random_pseudo_bytes
  sodium_crypto_secretbox sodium_crypto_secretbox_open sodium_hex2bin base64_decode base64_encode bin2hex hex2bin
  bcadd bcsub bcmul bcdiv bcmod bcpow bcsqrt bccomp gmp_init gmp_div_q gmp_mod gmp_pow round floor ceil abs pow fdiv log
  date gmdate date_create mktime strtotime checkdate date_sunrise strftime date_default_timezone_set
  file_get_contents file_put_contents file fopen fclose fread fwrite fgets fgetcsv fputcsv fseek opendir scandir mkdir
  rmdir unlink rename copy touch chmod is_file is_dir file_exists filesize filemtime realpath tempnam
  stream_select stream_get_contents stream_context_create stream_socket_client fsockopen socket_create socket_connect
  curl_init curl_setopt curl_setopt_array curl_exec curl_multi_exec mysqli_connect mysqli_query mysqli_real_connect
  pg_connect pg_query oci_parse oci_execute ldap_connect ldap_search ftp_connect imagecreate imagecreatetruecolor
  imagecreatefromstring imagescale getimagesize simplexml_load_string simplexml_load_file iterator_to_array iterator_count
  iterator_apply constant define call_user_func call_user_func_array func_get_arg class_implements class_uses
  spl_autoload_call is_callable is_a is_subclass_of get_object_vars get_class settype session_start session_id header
  setcookie parse_str parse_url http_build_query filter_var pack unpack dechex hexdec bindec base_convert usleep sleep
  exec shell_exec proc_open escapeshellarg extract compact array_key_first similar_text levenshtein
  usort uasort uksort sort rsort ksort krsort asort arsort`.split(/\s+/),
)

/**
 * Whether an error that a call raised is placed where the call was made: of PHP's own functions, and of an error
 * handler, whose arguments `(2, '…', '…', 41)` say the line that they are called from.
 */
export function raisedAtCall(call: string, args: string, line: number | undefined): boolean {
  if (CLASSES.test(call) || FUNCTIONS.has(call)) return true
  const handled = /^\(\d{1,5}, '[^']{0,40}', '[^']{0,40}', (\d{1,9})(?:, Array)?\)$/.exec(args)
  return handled !== null && Number(handled[1]) === line
}
